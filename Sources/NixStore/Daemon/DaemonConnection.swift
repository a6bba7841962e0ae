import MessageText

/// The worker protocol over a connection: requests, messages and answers. `WorkerProtocol` describes the encoding.
///
/// After an error in the middle of a request the connection is closed, because neither side knows where the other is.
final class DaemonConnection {
    private let transport: any DaemonTransport
    /// The name of the socket in messages.
    private let name: [UInt8]
    /// Receives the lines of the daemon's log, each with its line end.
    private let log: ([UInt8]) -> Void
    private var input: [UInt8] = []
    /// The bytes of `input` that have been read.
    private var read = 0
    /// The version that both sides speak: 1 and this number.
    private(set) var minor: UInt64 = 0
    /// What both sides can do besides.
    private(set) var features: Set<[UInt8]> = []
    /// What is being done, in words that follow "while" in messages.
    var action = Array("it was greeted".utf8)
    /// Polled while waiting.
    var isStopped: () -> Bool = { false }

    init(_ transport: any DaemonTransport, name: [UInt8], log: @escaping ([UInt8]) -> Void) {
        self.transport = transport
        self.name = name
        self.log = log
    }

    func close() { transport.close() }

    // MARK: Sending

    /// Sends a request or a part of it.
    func send(_ bytes: [UInt8]) throws(StoreWriteError) {
        do throws(TransportError) {
            var failure: TransportError?
            unsafe bytes.withUnsafeBytes { bytes in
                do throws(TransportError) {
                    unsafe try transport.send(bytes, isStopped: isStopped)
                } catch { failure = error }
            }
            if let failure { throw failure }
        } catch {
            // Whatever closed the connection before it told its version is named by what it sent, which is read next.
            if error == .closed, minor == 0 { return }
            // The daemon may have said why it closed the connection.
            if error == .closed { try receiveLastWords() }
            throw self.error(error)
        }
    }

    private func receiveLastWords() throws(StoreWriteError) {
        do throws(StoreWriteError) {
            try receiveMessages()
        } catch {
            if error.refusal != nil { throw error }
        }
    }

    /// Reads what the daemon says while a request is being sent, and throws if it refuses the request.
    func receiveEarlyMessages() throws(StoreWriteError) {
        while read < input.count || transport.hasInput {
            if try receiveMessage() { throw malformed("the end of an operation before its input has ended") }
        }
    }

    // MARK: Receiving

    /// Reads messages up to the result of a request.
    ///
    /// - Throws: the error that the daemon reports, among others.
    func receiveMessages() throws(StoreWriteError) {
        for _ in 0..<WorkerProtocol.Bound.messages where try receiveMessage() { return }
        throw malformed("more than \(WorkerProtocol.Bound.messages) messages")
    }

    /// Reads one message. The result is true if it is the last one.
    private func receiveMessage() throws(StoreWriteError) -> Bool {
        let number = try number()
        switch WorkerProtocol.Message(rawValue: number) {
        case .last: return true
        case .next:
            let line = try text()
            log(line.last == UInt8(ascii: "\n") ? line : line + [UInt8(ascii: "\n")])
        case .error: throw try refusal()
        case .startActivity:
            for _ in 0..<3 { _ = try self.number() }
            _ = try text()
            try skipFields()
            _ = try self.number()
        case .stopActivity: _ = try self.number()
        case .result:
            for _ in 0..<2 { _ = try self.number() }
            try skipFields()
        case .read, .write, nil:
            throw malformed("the message 0x\(String(number, radix: 16))")
        }
        return false
    }

    private func skipFields() throws(StoreWriteError) {
        for _ in 0..<(try count(atMost: WorkerProtocol.Bound.items, of: "fields")) {
            switch try number() {
            case 0: _ = try number()
            case 1: _ = try text()
            case let type: throw malformed("a field of the type \(type)")
            }
        }
    }

    /// Reads the error that a daemon reports.
    private func refusal() throws(StoreWriteError) -> StoreWriteError {
        guard minor >= WorkerProtocol.Minor.structuredErrors else {
            let message = try text()
            _ = try number()
            return refused(message)
        }
        let type = try text()
        guard type == Array("Error".utf8) else {
            throw malformed("an error of the type '\(MessageText.shortened(type))'")
        }
        _ = try number()
        _ = try text()
        let message = try text()
        guard try number() == 0 else { throw malformed("an error with a position") }
        for _ in 0..<(try count(atMost: WorkerProtocol.Bound.items, of: "traces")) {
            guard try number() == 0 else { throw malformed("a trace with a position") }
            _ = try text()
        }
        return refused(message)
    }

    func number() throws(StoreWriteError) -> UInt64 {
        try need(8)
        defer { consume(8) }
        return (0..<8).reduce(0) { $0 | UInt64(input[read + $1]) << UInt64(8 * $1) }
    }

    /// Reads a flag, which is a number that is 0 for false.
    func flag() throws(StoreWriteError) -> Bool { try number() != 0 }

    func text() throws(StoreWriteError) -> [UInt8] {
        let length = try count(atMost: WorkerProtocol.Bound.text, of: "bytes in a text")
        let padded = (length + 7) & ~7
        try need(padded)
        defer { consume(padded) }
        guard input[(read + length)..<(read + padded)].allSatisfy({ $0 == 0 }) else {
            throw malformed("a text with wrong padding")
        }
        return Array(input[read..<(read + length)])
    }

    func texts(atMost limit: Int) throws(StoreWriteError) -> [[UInt8]] {
        var texts: [[UInt8]] = []
        for _ in 0..<(try count(atMost: limit, of: "items in a list")) { texts.append(try text()) }
        return texts
    }

    /// Reads a number of things.
    func count(atMost limit: Int, of things: String) throws(StoreWriteError) -> Int {
        let count = try number()
        guard count <= UInt64(limit) else { throw malformed("\(count) \(things), of which \(limit) are allowed") }
        return Int(count)
    }

    private func need(_ count: Int) throws(StoreWriteError) {
        while input.count - read < count {
            do throws(TransportError) {
                try transport.receive(into: &input, isStopped: isStopped)
            } catch {
                throw self.error(error)
            }
        }
    }

    private func consume(_ count: Int) {
        read += count
        guard read == input.count || read >= UnixSocket.chunkBytes else { return }
        input.removeFirst(read)
        read = 0
    }
}

/// The greeting.
extension DaemonConnection {
    /// Agrees on a version with the daemon, and sets what its log contains and how it builds.
    func greet(_ options: DaemonOptions = DaemonOptions()) throws(StoreWriteError) {
        var hello = WireWriter()
        hello.number(WorkerProtocol.clientMagic)
        hello.number(Self.version(WorkerProtocol.Minor.newest))
        try send(hello.bytes)
        let magic = try number()
        guard magic == WorkerProtocol.daemonMagic else {
            throw StoreWriteError(
                "what listens at ", name,
                " is no Nix daemon: it answered 0x\(String(magic, radix: 16)); name the socket "
                    + "of a Nix daemon with --store unix://SOCKET or NIX_DAEMON_SOCKET_PATH")
        }
        try agree(on: try number())
        var start = WireWriter()
        // Two settings of old versions: the processor to run on, and reserved space.
        start.number(0)
        start.number(0)
        try send(start.bytes)
        if minor >= WorkerProtocol.Minor.daemonVersion { _ = try text() }
        if minor >= WorkerProtocol.Minor.trust { _ = try number() }
        try receiveMessages()
        guard !features.contains(WorkerProtocol.withoutOptions) else { return }
        try send(options.request)
        try receiveMessages()
    }

    private static func version(_ minor: UInt64) -> UInt64 { 1 << 8 | minor }

    private func agree(on version: UInt64) throws(StoreWriteError) {
        let offered = version & 0xFF
        guard version >> 8 == 1, offered >= WorkerProtocol.Minor.oldest else {
            throw StoreWriteError(
                "the Nix daemon at ", name,
                " speaks version \(version >> 8).\(offered) of its protocol, and firn speaks "
                    + "1.\(WorkerProtocol.Minor.oldest) to 1.\(WorkerProtocol.Minor.newest), which Nix has had since 2.4; "
                    + "run another version of Nix, or write a stream with --export")
        }
        minor = min(offered, WorkerProtocol.Minor.newest)
        guard minor >= WorkerProtocol.Minor.features else { return }
        var own = WireWriter()
        own.texts([WorkerProtocol.withoutOptions])
        try send(own.bytes)
        features = Set(try texts(atMost: WorkerProtocol.Bound.items)).intersection([WorkerProtocol.withoutOptions])
    }
}

/// The errors, which say what failed, where, and what to do.
extension DaemonConnection {
    private func error(_ error: TransportError) -> StoreWriteError {
        switch error {
        case .stopped: .stopped
        case .closed:
            failure(
                " closed the connection while ",
                "; it may have been stopped or have run out of memory: see its log, and run the command again")
        case .silent(let seconds):
            failure(
                " did not answer for \(seconds) seconds while ",
                "; it may be waiting for a lock or not be a Nix daemon: see its log")
        case .system(let code):
            failure(" cannot be reached while ", ": \(SystemError(code: code).reason)")
        }
    }

    func malformed(_ what: String) -> StoreWriteError {
        failure(
            " sent what its protocol does not allow while ",
            ": \(what); it is no Nix daemon, or one that firn does not know: write a stream with --export")
    }

    private func refused(_ message: [UInt8]) -> StoreWriteError {
        var error = failure(" refused the request while ", ": ")
        error = StoreWriteError(error.message + message, refusal: message)
        return error
    }

    private func failure(_ what: String, _ after: String) -> StoreWriteError {
        StoreWriteError(
            Array("the Nix daemon at '".utf8) + MessageText.excerpt(name) + Array("'\(what)".utf8) + action
                + Array(after.utf8))
    }
}
