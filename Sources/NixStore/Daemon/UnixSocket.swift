import Glibc
import Platform

/// A connection to a Unix socket. Waiting ends when the other side is silent for too long.
final class UnixSocket: DaemonTransport {
    private var descriptor: Int32
    /// What arrived while something was sent.
    private var early: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: UnixSocket.chunkBytes)
    /// The longest time without a byte in either direction.
    var patience: Duration

    static let chunkBytes = 1 << 16
    /// The bytes that are kept while something is sent, several times those of any answers. With more, the other side has
    /// to wait.
    private static let maximumEarly = 4 << 20
    /// The time between two looks at `isStopped` while waiting, in milliseconds.
    private static let pollMilliseconds: Int32 = 100

    /// Connects to a socket.
    ///
    /// - Parameters:
    ///   - path: the path of the socket.
    ///   - patience: how long the other side may be silent, and how long it may take to accept the connection.
    init(_ path: [UInt8], patience: Duration) throws(SystemError) {
        self.patience = patience
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = try retrying { socket(AF_UNIX, kind, 0) }
        do throws(SystemError) {
            // The limit for sending is that for connecting, too.
            let (seconds, fraction) = patience.components
            var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(fraction / 1_000_000_000_000))
            let size = socklen_t(MemoryLayout<timeval>.size)
            _ = try retrying { unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size) }
            try Self.connect(descriptor, path)
            _ = try retrying { fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    deinit { close() }

    private static func connect(_ descriptor: Int32, _ path: [UInt8]) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A path that does not fit into the address is reached through its directory.
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        var directory: DescriptorHandle?
        var short = path
        if path.count > room {
            let opened = try DescriptorHandle.open(CanonPath.parent(of: path), directory: true)
            directory = opened
            short = Array("/proc/self/fd/\(opened.descriptor)/".utf8) + CanonPath.baseName(of: path)
        }
        guard short.count <= room else { throw SystemError(code: ENAMETOOLONG) }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: short) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, size)
            }
        }
        let code = errno
        withExtendedLifetime(directory) {}
        // A full queue of connections that nobody accepts has the error of an operation that would block.
        if status != 0 { throw SystemError(code: code == EAGAIN ? ETIMEDOUT : code) }
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    var hasInput: Bool {
        if !early.isEmpty { return true }
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe descriptor >= 0 && poll(&wait, 1, 0) > 0
    }

    func send(_ bytes: UnsafeRawBufferPointer, isStopped: () -> Bool) throws(TransportError) {
        var start = 0
        var last = MonotonicClock.now()
        while start < bytes.count {
            let takesInput = early.count < Self.maximumEarly
            let events = try wait(POLLOUT | (takesInput ? POLLIN : 0), since: last, isStopped: isStopped)
            if events == 0 { continue }
            last = MonotonicClock.now()
            if events & POLLIN != 0 { try read(into: &early) }
            guard events & (POLLOUT | POLLHUP | POLLERR) != 0 else { continue }
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
            let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
            let count = unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, flags)
            if count > 0 { start += count } else if count < 0 { try failSending(errno) }
        }
    }

    /// A daemon that ends may have said why just before.
    private func failSending(_ code: Int32) throws(TransportError) {
        if code == EAGAIN || code == EINTR { return }
        guard code == EPIPE || code == ECONNRESET else { throw .system(errno: code) }
        while early.count < Self.maximumEarly, (try? read(into: &early)) != nil, hasMore() {}
        throw .closed
    }

    private func hasMore() -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&wait, 1, 0) > 0
    }

    func receive(into bytes: inout [UInt8], isStopped: () -> Bool) throws(TransportError) {
        if !early.isEmpty {
            bytes += early
            early.removeAll(keepingCapacity: true)
            return
        }
        let start = MonotonicClock.now()
        while try wait(POLLIN, since: start, isStopped: isStopped) == 0 {}
        try read(into: &bytes)
    }

    /// Waits for a short while.
    ///
    /// - Returns: what can be done; 0 if nothing can yet.
    private func wait(_ events: Int32, since last: UInt64, isStopped: () -> Bool) throws(TransportError) -> Int32 {
        if descriptor < 0 { throw .closed }
        if isStopped() { throw .stopped }
        var wait = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let left = patience - .nanoseconds(MonotonicClock.now() - last)
        if left <= .zero { throw .silent(seconds: Int(patience.components.seconds)) }
        let milliseconds = min(Self.pollMilliseconds, Int32(left / .milliseconds(1)) + 1)
        let count = unsafe poll(&wait, 1, milliseconds)
        if count < 0, errno != EINTR { throw .system(errno: errno) }
        return count > 0 ? Int32(wait.revents) : 0
    }

    private func read(into bytes: inout [UInt8]) throws(TransportError) {
        let count = unsafe recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            bytes += chunk[..<count]
        } else if count == 0 || errno == ECONNRESET {
            throw .closed
        } else if errno != EAGAIN, errno != EINTR {
            throw .system(errno: errno)
        }
    }
}
