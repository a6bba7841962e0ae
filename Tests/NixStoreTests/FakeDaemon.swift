import Glibc
import Platform
import Synchronization

@testable import NixStore

/// The daemon's side of a connection in a test. Reading and writing end the conversation when the client is gone or
/// silent.
struct FakePeer: ~Copyable {
    struct Ended: Error {}

    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        // A test whose client waits forever fails instead of waiting with it.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    deinit { close(descriptor) }

    func bytes(_ count: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while result.count < count {
            let got = unsafe recv(descriptor, &chunk, min(chunk.count, count - result.count), 0)
            if got <= 0 { throw Ended() }
            result += chunk[..<got]
        }
        return result
    }

    func number() throws -> UInt64 { try bytes(8).reversed().reduce(0) { $0 << 8 | UInt64($1) } }

    func text() throws -> [UInt8] {
        let count = Int(try number())
        return Array(try bytes((count + 7) & ~7)[..<count])
    }

    func texts() throws -> [[UInt8]] {
        var result: [[UInt8]] = []
        for _ in 0..<(try number()) { result.append(try text()) }
        return result
    }

    /// All pieces of a framed stream.
    func framed() throws -> [UInt8] {
        var result: [UInt8] = []
        while true {
            let count = Int(try number())
            if count == 0 { return result }
            result += try bytes(count)
        }
    }

    func send(_ bytes: [UInt8]) throws {
        guard unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Ended()
        }
    }

    func send(_ write: (inout WireWriter) -> Void) throws {
        var writer = WireWriter()
        write(&writer)
        try send(writer.bytes)
    }

    func finish(_ write: (inout WireWriter) -> Void = { _ in }) throws {
        try send {
            $0.number(WorkerProtocol.Message.last.rawValue)
            write(&$0)
        }
    }

    /// Refuses a request, in the form that the version has.
    func refuse(_ message: String, minor: UInt64) throws {
        try send {
            $0.number(WorkerProtocol.Message.error.rawValue)
            guard minor >= 26 else {
                $0.text(Array(message.utf8))
                $0.number(1)
                return
            }
            $0.text(Array("Error".utf8))
            $0.number(0)
            $0.text(Array("Error".utf8))
            $0.text(Array(message.utf8))
            for _ in 0..<2 { $0.number(0) }
        }
    }

    /// The greeting up to the first request.
    func greet(minor: UInt64) throws {
        guard try number() == 0x6E69_7863, try number() == 0x126 else { throw Ended() }
        try send {
            $0.number(0x6478_696F as UInt64)
            $0.number(1 << 8 | minor)
        }
        if minor >= 38 {
            _ = try texts()
            try send { $0.texts([Array("something-new".utf8)]) }
        }
        guard try number() == 0, try number() == 0 else { throw Ended() }
        if minor >= 33 { try send { $0.text(Array("2.8.0".utf8)) } }
        if minor >= 35 { try send { $0.number(1) } }
        try finish()
        guard try number() == 19 else { throw Ended() }
        for _ in 0..<13 { _ = try number() }
        try finish()
    }
}

/// Something that listens on a Unix socket of its own and converses with one client.
final class FakeDaemon: Sendable {
    let socket: [UInt8]
    private let directory: TemporaryDirectory
    private let thread = SystemThread(name: "fake-daemon", stackBytes: 1 << 20)
    private let listener: Int32

    /// - Parameters:
    ///   - backlog: the connections that wait beside the one that is accepted.
    ///   - converse: the conversation, on a thread of its own; the connection is closed when it ends.
    init(backlog: Int32 = 1, _ converse: @escaping @Sendable (borrowing FakePeer) throws -> Void) throws {
        directory = try TemporaryDirectory()
        socket = directory("socket")
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        listener = Glibc.socket(AF_UNIX, kind, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = socket
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let listener = listener
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listener, $0, size) }
        }
        guard status == 0, listen(listener, backlog) == 0 else { throw SystemError(code: errno) }
        try thread.start {
            let connection = accept(listener, nil, nil)
            if connection < 0 { return }
            try? converse(FakePeer(connection))
        }
    }

    deinit {
        // An accept that still waits ends.
        shutdown(listener, Int32(SHUT_RDWR))
        thread.join()
        close(listener)
    }
}

/// A daemon that keeps what it is given.
final class KeepingDaemon: Sendable {
    struct Object: Sendable, Equatable {
        var path: [UInt8]
        var kind: [UInt8]
        var references: [[UInt8]]
        var contents: [UInt8]
    }

    private struct State {
        var valid: Set<[UInt8]> = []
        var held: [[UInt8]] = []
        var roots: [[UInt8]] = []
        var objects: [Object] = []
        var operations: [UInt64] = []
    }

    private let state = Mutex(State())
    private let minor: UInt64
    private let daemon = Mutex<FakeDaemon?>(nil)

    init(minor: UInt64, valid: Set<[UInt8]> = []) throws {
        self.minor = minor
        state.withLock { $0.valid = valid }
        let fake = try FakeDaemon { [unowned self] in try converse($0) }
        daemon.withLock { $0 = fake }
    }

    var socket: [UInt8] { daemon.withLock { $0?.socket ?? [] } }
    var objects: [Object] { state.withLock { $0.objects } }
    var held: [[UInt8]] { state.withLock { $0.held } }
    var roots: [[UInt8]] { state.withLock { $0.roots } }
    /// The operations in the order of the requests.
    var operations: [UInt64] { state.withLock { $0.operations } }

    /// Waits until the client has closed the connection.
    func end() { daemon.withLock { $0 = nil } }

    private func converse(_ peer: borrowing FakePeer) throws {
        try peer.greet(minor: minor)
        while true {
            let operation = try peer.number()
            state.withLock { $0.operations.append(operation) }
            switch operation {
            case 1:
                let path = try peer.text()
                let isValid = state.withLock { $0.valid.contains(path) }
                try peer.finish { $0.flag(isValid) }
            case 7: try add(peer)
            case 11:
                let path = try peer.text()
                state.withLock { $0.held.append(path) }
                try peer.finish { $0.number(1) }
            case 12:
                let path = try peer.text()
                state.withLock { $0.roots.append(path) }
                try peer.finish { $0.number(1) }
            case 31:
                let paths = try peer.texts()
                if minor >= 27 { _ = try peer.number() }
                let valid = state.withLock { state in paths.filter { state.valid.contains($0) } }
                try peer.finish { $0.texts(valid) }
            case 44:
                _ = try peer.bytes(16)
                let contents = try peer.framed()
                state.withLock {
                    $0.objects.append(Object(path: [], kind: Array("many".utf8), references: [], contents: contents))
                }
                try peer.finish()
            default: throw FakePeer.Ended()
            }
        }
    }

    private func add(_ peer: borrowing FakePeer) throws {
        let name = try peer.text()
        let kind = try peer.text()
        let references = try peer.texts()
        _ = try peer.number()
        let contents = try peer.framed()
        // The path that the client asked for before.
        let path = state.withLock { $0.held.last { StorePath.name($0) == name } ?? [] }
        state.withLock {
            $0.objects.append(Object(path: path, kind: kind, references: references, contents: contents))
            $0.valid.insert(path)
        }
        try peer.finish {
            $0.text(path)
            for _ in 0..<2 { $0.text([]) }
            $0.texts(references)
            for _ in 0..<3 { $0.number(0) }
            $0.texts([])
            $0.text([])
        }
    }
}
