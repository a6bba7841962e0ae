/// The frames of ZAP 1.0 (rfc.zeromq.org/spec/27), without a socket.
///
///     request: version, request id, domain, address, identity, mechanism, credentials...
///     reply:   version, request id, status code, status text, user id, metadata
enum ZAP {
    static func answer(
        to frames: [[UInt8]], _ authorize: (AuthenticationRequest) -> AuthenticationDecision
    ) -> [[UInt8]] {
        let requestID = frames.count > 1 ? frames[1] : []
        guard let request = parse(frames) else {
            return reply(requestID, status: "500", text: "malformed request", userID: "")
        }
        switch authorize(request) {
        case .accept(let userID) where userID.utf8.count <= 255:
            return reply(requestID, status: "200", text: "OK", userID: userID)
        case .accept: return reply(requestID, status: "500", text: "user id too long", userID: "")
        case .refuse(let reason): return reply(requestID, status: "400", text: String(reason.prefix(200)), userID: "")
        }
    }

    static func parse(_ frames: [[UInt8]]) -> AuthenticationRequest? {
        guard frames.count >= 6, frames[0] == Array("1.0".utf8),
            let domain = String(validating: frames[2], as: UTF8.self),
            let address = String(validating: frames[3], as: UTF8.self)
        else { return nil }
        switch String(decoding: frames[5], as: UTF8.self) {
        case "NULL" where frames.count == 6:
            return AuthenticationRequest(domain: domain, address: address, mechanism: .null)
        case "CURVE" where frames.count == 7:
            guard let key = CurvePublicKey(bytes: frames[6]) else { return nil }
            return AuthenticationRequest(domain: domain, address: address, mechanism: .curve(key))
        default: return nil
        }
    }

    private static func reply(_ requestID: [UInt8], status: String, text: String, userID: String) -> [[UInt8]] {
        [Array("1.0".utf8), requestID, Array(status.utf8), Array(text.utf8), Array(userID.utf8), []]
    }
}
