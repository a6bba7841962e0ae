import Glibc
import ZeroMQ

/// The end of a socket to an evaluator in the connection's process. Nothing waits: what cannot be sent at once is kept
/// until it can.
final class LinkEnd {
    /// What was read.
    enum Received {
        case frames([(kind: EvaluatorFrame.Kind, body: [UInt8])])
        /// The other side has closed its end.
        case ended
        /// It sent something that is no frame, or one that is too long.
        case malformed
    }

    private let descriptor: Int32
    private var isClosed = false
    private var executor: PollingExecutor?
    private var registration: PollingExecutor.Registration?
    private var outgoing: [UInt8] = []
    private var incoming: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    func register(on executor: PollingExecutor, onReadable: @escaping @Sendable () -> Void) {
        self.executor = executor
        let box = WeakEnd(self)
        registration = executor.register(
            descriptor: descriptor, onReadable: onReadable, onWritable: { box.end?.flush() })
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        if let registration { executor?.unregister(registration) }
        Glibc.close(descriptor)
    }

    func send(_ kind: EvaluatorFrame.Kind, _ body: [UInt8]) {
        outgoing += EvaluatorFrame.header(kind, bodyBytes: body.count)
        outgoing += body
        flush()
    }

    private func flush() {
        guard !isClosed else { return }
        var sent = 0
        while sent < outgoing.count {
            let count = unsafe outgoing.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            sent += count
        }
        // An end that is broken is found by reading.
        if sent == outgoing.count {
            outgoing.removeAll(keepingCapacity: sent < 1 << 20)
        } else {
            outgoing.removeFirst(sent)
        }
        if let registration { executor?.setWriteInterest(registration, !outgoing.isEmpty) }
    }

    /// Reads what is there.
    ///
    /// - Parameter limit: the most bytes of a frame's body.
    func receive(limit: Int) -> Received {
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
        }
        if count < 0, errno == EINTR || errno == EAGAIN { return .frames([]) }
        guard count > 0 else { return .ended }
        incoming += buffer[..<count]
        var frames: [(kind: EvaluatorFrame.Kind, body: [UInt8])] = []
        var start = 0
        while incoming.count - start >= EvaluatorFrame.headerBytes {
            let body = start + EvaluatorFrame.headerBytes
            guard let (kind, bytes) = EvaluatorFrame.read(incoming[start..<body]), bytes <= limit else {
                return .malformed
            }
            guard incoming.count - body >= bytes else { break }
            frames.append((kind, Array(incoming[body..<body + bytes])))
            start = body + bytes
        }
        incoming.removeFirst(start)
        return .frames(frames)
    }

    /// The executor keeps its handlers, and they must not keep the end.
    private struct WeakEnd: @unchecked Sendable {
        // It is only used on the executor's thread.
        weak var end: LinkEnd?

        init(_ end: LinkEnd) { self.end = end }
    }
}
