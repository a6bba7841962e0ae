import Glibc
import Synchronization

/// A server on the loopback interface that answers each request with bytes that a test chose.
///
/// Requests are answered one after the other, each on a connection of its own.
final class LoopbackServer: Sendable {
    /// What becomes of a connection after the bytes.
    enum End {
        case close
        /// The last bytes are sent again until the client has enough.
        case repeatForever
        /// Nothing more is sent until the server is stopped.
        case wait
    }

    struct Answer {
        var bytes: [UInt8]
        var end = End.close

        /// An answer with a correct header.
        init(_ body: [UInt8], status: Int = 200, fields: [String] = [], end: End = .close, length: Int? = nil) {
            let lines =
                ["HTTP/1.1 \(status) X", "Content-Length: \(length ?? body.count)", "Connection: close"] + fields
            bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
            self.end = end
        }

        init(raw: [UInt8], end: End = .close) {
            bytes = raw
            self.end = end
        }
    }

    let port: UInt16
    private let listener: Int32
    private let heard = Mutex<[String]>([])
    private let isOver = Atomic(false)

    /// - Parameter answer: the answer to a request, given its first line and header.
    init(answer: @escaping @Sendable (String) -> Answer) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                let bound = unsafe bind(listener, generic, size) | listen(listener, 16)
                return unsafe bound | getsockname(listener, generic, &size)
            }
        }
        guard code == 0 else { throw ServerError(code: errno) }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let body = Body { [weak self] in
            while let server = self, !server.isOver.load(ordering: .relaxed) { server.serveOne(answer) }
        }
        var created = pthread_t()
        let context = unsafe Unmanaged.passRetained(body).toOpaque()
        unsafe pthread_create(
            &created, nil,
            { context in
                unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context)
        pthread_detach(created)
    }

    deinit { close(listener) }

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    struct ServerError: Error { let code: Int32 }

    /// The requests so far.
    var requests: [String] { heard.withLock { $0 } }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

    func stop() { isOver.store(true, ordering: .relaxed) }

    private func serveOne(_ answer: @Sendable (String) -> Answer) {
        var wait = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&wait, 1, 20) > 0 else { return }
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        defer { close(connection) }
        var request = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !request.contains("\r\n\r\n") {
            let count = unsafe read(connection, &buffer, buffer.count)
            if count <= 0 { break }
            request += String(decoding: buffer[..<count], as: UTF8.self)
        }
        heard.withLock { $0.append(request) }
        let chosen = answer(request)
        _ = send(chosen.bytes, connection)
        switch chosen.end {
        case .close: break
        case .repeatForever: while !isOver.load(ordering: .relaxed), send(chosen.bytes, connection) {}
        case .wait:
            var hangup = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            while !isOver.load(ordering: .relaxed), unsafe poll(&hangup, 1, 20) == 0 {}
        }
    }

    private func send(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
