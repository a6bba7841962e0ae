import Dispatch
import Glibc
import Synchronization

/// Reads lines of a file in batches, from any task. It reads only what is asked for, so that backpressure reaches a
/// pipe. It reads on a queue of its own, so that waiting for a pipe blocks no thread of the concurrency pool.
final class LineReader: Sendable {
    /// A line without its terminator, and its number from 1.
    struct Line {
        let number: Int
        let text: [UInt8]
    }

    private struct State {
        let descriptor: Int32
        var buffer: [UInt8] = []
        var start = 0
        var number = 0
        var isAtEnd = false
    }

    /// Bytes of the longest line. Even with escapes, no job within the protocol's bounds is longer.
    private static let maximumLine = 64 << 20
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "firn.jobs-from")

    /// - Parameter path: a file, or `-` for standard input.
    /// - Throws: `CommandFailure` if it cannot be opened.
    init(path: String) throws {
        let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure("'\(path)' cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        state = Mutex(State(descriptor: descriptor))
    }

    /// - Parameter descriptor: an open file, which is closed with the reader.
    init(descriptor: Int32) { state = Mutex(State(descriptor: descriptor)) }

    deinit {
        let descriptor = state.withLock { $0.descriptor }
        if descriptor != 0 { close(descriptor) }
    }

    /// Up to that many lines. It waits for the first line only, and skips empty ones. An empty result means the end of
    /// the file.
    func next(_ count: Int) async throws -> [Line] {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.read(count) }) }
        }
    }

    private func read(_ count: Int) throws -> [Line] {
        try state.withLock { state in
            var lines: [Line] = []
            while lines.count < count, let text = try Self.line(&state, mayWait: lines.isEmpty) {
                state.number += 1
                if !text.isEmpty { lines.append(Line(number: state.number, text: text)) }
            }
            return lines
        }
    }

    /// The next line; nil at the end, or if reading it would block and `mayWait` is false.
    private static func line(_ state: inout State, mayWait: Bool) throws -> [UInt8]? {
        var searched = state.start
        while true {
            if let end = state.buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let text = Array(state.buffer[state.start..<end])
                state.start = end + 1
                return text
            }
            searched = state.buffer.count
            if state.isAtEnd {
                let text = Array(state.buffer[state.start...])
                state.start = state.buffer.count
                return text.isEmpty ? nil : text
            }
            guard mayWait || isReadable(state.descriptor) else { return nil }
            searched -= state.start
            try fill(&state)
        }
    }

    private static func isReadable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    /// Moves the unread bytes to the front and reads more behind them.
    private static func fill(_ state: inout State) throws {
        state.buffer.removeFirst(state.start)
        state.start = 0
        guard state.buffer.count <= maximumLine else { throw CommandFailure("line \(state.number + 1) is too long") }
        var portion = [UInt8](repeating: 0, count: 1 << 16)
        let descriptor = state.descriptor
        while true {
            let count = unsafe portion.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandFailure("the jobs cannot be read: \(unsafe String(cString: strerror(errno)))")
            }
            state.isAtEnd = count == 0
            state.buffer += portion[..<count]
            return
        }
    }
}
