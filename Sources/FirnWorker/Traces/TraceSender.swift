import FirnProtocol
import ZeroMQ

/// The socket for traces. It is separate from the control socket, so that segments delay only each other. It belongs to
/// the polling thread; only the queue is shared.
final class TraceSender {
    let queue: TraceQueue
    private let executor: PollingExecutor
    private let socket: Socket
    private var endpoint: String?
    private var registration: PollingExecutor.Registration?

    init(_ configuration: WorkerConfiguration, context: Context, executor: PollingExecutor) throws {
        queue = TraceQueue(maximumBytes: configuration.traceQueueBytes)
        self.executor = executor
        var options = SocketOptions()
        options.security = configuration.security
        options.ipv6 = configuration.ipv6
        options.immediate = true
        // Further segments stay in the queue, which counts bytes.
        options.sendHighWater = 4
        options.linger = .seconds(1)
        socket = try Socket(.push, context: context, options: options)
    }

    /// Connects to an endpoint and disconnects from the previous one.
    func connect(_ endpoint: String) throws(ZeroMQError) {
        guard endpoint != self.endpoint else { return }
        if let old = self.endpoint { try socket.disconnect(old) }
        self.endpoint = endpoint
        try socket.connect(endpoint)
    }

    /// Registers a function that is called when the socket can send.
    func register(onWritable: @escaping @Sendable () -> Void) {
        registration = executor.register(socket, onReadable: {}, onWritable: onWritable)
    }

    /// Sends as many segments as the socket accepts.
    func flush() throws {
        guard let registration else { return }
        var isFull = false
        try queue.drain { message in
            isFull = try socket.send(message) != .sent
            return !isFull
        }
        executor.setWriteInterest(registration, isFull)
    }

    func close() {
        queue.onMessage(nil)
        if let registration { executor.unregister(registration) }
        registration = nil
    }
}
