import Testing

@testable import ZeroMQ

@Suite struct CurveTests {
    let context: Context
    let server: CurveKeyPair
    let known: CurveKeyPair

    init() throws {
        context = try Context()
        server = try .generate()
        known = try .generate()
        let publicKey = known.publicKey
        try context.startAuthentication { request in
            guard request.domain == "test", request.mechanism == .curve(publicKey) else {
                return .refuse(reason: "unknown key")
            }
            return .accept(userID: "client/acme/laptop")
        }
    }

    private func makeServer() throws -> Socket {
        var options = SocketOptions()
        options.security = .curveServer(secretKey: server.secretKey)
        options.authenticationDomain = "test"
        return try Socket(.router, context: context, options: options)
    }

    private func makeClient(_ pair: CurveKeyPair, server: CurvePublicKey) throws -> Socket {
        var options = SocketOptions()
        options.security = .curveClient(keyPair: pair, serverKey: server)
        options.isMonitored = true
        return try Socket(.dealer, context: context, options: options)
    }

    @Test func aKnownKeyIsAdmittedAndNamed() throws {
        let router = try makeServer()
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try makeClient(known, server: server.publicKey)
        try dealer.connect(endpoint)
        try send([[42]], on: dealer)
        let message = try receive(from: router)
        #expect(message.userID == "client/acme/laptop")
        #expect(message.frames.last == [42])
    }

    @Test func anUnknownKeyIsRefusedWithStatus400() throws {
        let router = try makeServer()
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try makeClient(.generate(), server: server.publicKey)
        try dealer.connect(endpoint)
        let report = try monitorEvent(of: dealer) { if case .handshakeFailed = $0 { true } else { false } }
        #expect(report.event == .handshakeFailed(.refused(status: 400)))
        #expect(report.endpoint == endpoint)
    }

    @Test func aWrongServerKeyFailsTheHandshake() throws {
        let router = try makeServer()
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try makeClient(known, server: CurveKeyPair.generate().publicKey)
        try dealer.connect(endpoint)
        let report = try monitorEvent(of: dealer) { if case .handshakeFailed = $0 { true } else { false } }
        #expect(report.event != .handshakeSucceeded)
    }

    @Test func aPlainPeerMismatches() throws {
        let router = try makeServer()
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        var options = SocketOptions()
        options.isMonitored = true
        let dealer = try Socket(.dealer, context: context, options: options)
        try dealer.connect(endpoint)
        let report = try monitorEvent(of: dealer) { if case .handshakeFailed = $0 { true } else { false } }
        #expect(report.event == .handshakeFailed(.mechanismMismatch))
    }

    @Test func withoutAnAuthenticatorNoServerIsBound() throws {
        var options = SocketOptions()
        options.security = .curveServer(secretKey: server.secretKey)
        let socket = try Socket(.router, context: Context(), options: options)
        do {
            try socket.bind("tcp://127.0.0.1:*")
            Issue.record("it was bound")
        } catch {
            #expect(error.reason.contains("admit every key"))
        }
    }

    @Test func keysAndTheirText() throws {
        let pair = try CurveKeyPair.generate()
        #expect(try pair.secretKey.publicKey() == pair.publicKey)
        #expect("\(pair.secretKey)" == "(secret)")
        #expect(CurvePublicKey(z85: "short") == nil)
        // The test vector of RFC 32.
        let bytes: [UInt8] = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]
        #expect(Z85.encode(bytes) == "HelloWorld")
        #expect(Z85.decode("HelloWorld") == bytes)
        // The last group exceeds 32 bits; a character is not of Z85; a zero does not end the text; the length is wrong.
        for text in ["#####", "Hell ", "Hell\u{e4}", "Hello\0orld", "Hello\0", "Hell", ""] {
            #expect(Z85.decode(text) == nil, "\(text)")
        }
        #expect(Z85.encode([1, 2, 3]) == nil)
    }
}
