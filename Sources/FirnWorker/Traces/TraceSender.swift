import FirnProtocol
import ZeroMQ

/// The socket for traces. It is another one than that for control, so that segments delay nothing but each other. Lives
/// on the service's polling thread; only the queue is shared.
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
        // What waits beyond a few segments waits in the queue, which counts bytes.
        options.sendHighWater = 4
        options.lingerMilliseconds = 1_000
        socket = try Socket(.push, context: context, options: options)
    }

    /// Connects to an endpoint, and leaves the one before.
    func connect(_ endpoint: String) throws(ZeroMQError) {
        guard endpoint != self.endpoint else { return }
        if let old = self.endpoint { try socket.disconnect(old) }
        self.endpoint = endpoint
        try socket.connect(endpoint)
    }

    /// Tells of room to send.
    func register(onWritable: @escaping @Sendable () -> Void) {
        registration = executor.register(socket, onReadable: {}, onWritable: onWritable)
    }

    /// Sends as much as there is room for.
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
