import Glibc
import Synchronization

/// The evaluator's end of a socket to the connection's process. Reading and writing wait.
final class BlockingLink: Sendable {
    private let descriptor: Int32
    /// What was received and not read. One thread reads.
    private let received = Mutex<[UInt8]>([])
    /// Held while a frame is written, because frames come from two threads at the start.
    private let writing = Mutex(())

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The next frame; nil when the other side has gone, or has sent something else than a frame.
    func read() -> (kind: EvaluatorFrame.Kind, body: [UInt8])? {
        received.withLock { received in
            guard fill(&received, to: EvaluatorFrame.headerBytes),
                let (kind, count) = EvaluatorFrame.read(received.prefix(EvaluatorFrame.headerBytes))
            else { return nil }
            let end = EvaluatorFrame.headerBytes + count
            guard fill(&received, to: end) else { return nil }
            defer { received.removeFirst(end) }
            return (kind, Array(received[EvaluatorFrame.headerBytes..<end]))
        }
    }

    /// Receives until there are so many bytes, and whatever comes with them.
    ///
    /// - Returns: false if the other side has gone before.
    private func fill(_ received: inout [UInt8], to count: Int) -> Bool {
        while received.count < count {
            let missing = max(count - received.count, Self.pieceBytes)
            var piece = unsafe [UInt8](unsafeUninitializedCapacity: missing) { buffer, filled in
                var count = 0
                repeat {
                    count = unsafe recv(descriptor, buffer.baseAddress, missing, 0)
                } while count < 0 && errno == EINTR
                filled = max(0, count)
            }
            guard !piece.isEmpty else { return false }
            if received.isEmpty { swap(&received, &piece) } else { received += piece }
        }
        return true
    }

    /// More than a small job takes.
    private static let pieceBytes = 4_096

    /// Writes a frame. If the other side has gone, nobody needs it any more.
    func write(_ kind: EvaluatorFrame.Kind, _ body: [UInt8] = []) {
        let bytes = EvaluatorFrame.header(kind, bodyBytes: body.count) + body
        writing.withLock { _ in
            var start = 0
            while start < bytes.count {
                let sent = unsafe bytes.withUnsafeBytes { bytes in
                    unsafe send(
                        descriptor, bytes.baseAddress?.advanced(by: start), bytes.count - start,
                        Int32(MSG_NOSIGNAL))
                }
                if sent < 0, errno == EINTR { continue }
                guard sent > 0 else { return }
                start += sent
            }
        }
    }
}
