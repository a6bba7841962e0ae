import FirnProtocol
import Platform
import ZeroMQ

/// A connection to a coordinator. Any number of requests may be made concurrently; they share the connection.
public actor FirnClient {
    nonisolated let executor: PollingExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    let socket: Socket
    private let configuration: ClientConfiguration
    private var machine: ClientStateMachine
    private var registrations: [PollingExecutor.Registration] = []
    private(set) var timer: PollingExecutor.Timer?
    private var outbox: [[[UInt8]]] = []
    private var replies: [UInt64: CheckedContinuation<ClientReply, any Error>] = [:]
    private var streams: [UInt64: AsyncThrowingStream<WireJobStatus, any Error>.Continuation] = [:]
    private var welcomeWaiter: CheckedContinuation<WireClientWelcome, any Error>?
    private var isClosed = false
    /// What the coordinator said at the last hello about itself and about this client.
    public private(set) var welcome = WireClientWelcome()

    /// Connects and says hello.
    ///
    /// - Throws: `ClientError.unreachable` after at most `unreachableAfterMilliseconds`, with the endpoint and the
    ///   reason: nobody listens, the key is refused, or the server's key is wrong. `ZeroMQError` for a malformed
    ///   endpoint.
    ///
    /// It is not inlined into other modules, because there the optimiser fails on an actor with an isolated deinit
    /// ("circular reference").
    @_semantics("optimize.no.crossmodule")
    public static func connect(
        _ configuration: ClientConfiguration, context: Context? = nil
    ) async throws -> FirnClient {
        let client = try FirnClient(configuration, context: context ?? Context())
        do {
            try await client.start()
        } catch {
            await client.close()
            throw error
        }
        return client
    }

    private init(_ configuration: ClientConfiguration, context: Context) throws {
        executor = try PollingExecutor(name: "firn-client")
        self.configuration = configuration
        var options = SocketOptions()
        options.security = configuration.security
        options.ipv6 = configuration.ipv6
        options.isMonitored = true
        options.immediate = true
        options.maxMessageBytes = Int64(ProtocolLimits.frameBytes)
        socket = try Socket(.dealer, context: context, options: options)
        machine = ClientStateMachine(
            endpoint: configuration.endpoint, software: configuration.software,
            hasKey: configuration.hasKey, unreachableAfter: configuration.unreachableAfterMilliseconds &* 1_000_000,
            now: MonotonicClock.now())
    }

    private func start() async throws {
        registrations.append(
            executor.register(
                socket, onReadable: { [weak self] in self?.assumeIsolated { $0.readable() } },
                onWritable: { [weak self] in self?.assumeIsolated { $0.flush() } }))
        let monitor = executor.registerMonitor(of: socket) { [weak self] in
            self?.assumeIsolated { $0.monitored() }
        }
        if let monitor { registrations.append(monitor) }
        try socket.connect(configuration.endpoint)
        tick(now: MonotonicClock.now())
        welcome = try await withCheckedThrowingContinuation { welcomeWaiter = $0 }
    }

    /// Ends every open request with `ClientError.closed`. The socket is closed when the client is released.
    public func close() {
        isClosed = true
        for registration in registrations { executor.unregister(registration) }
        registrations = []
        if let timer { executor.cancel(timer) }
        timer = nil
        welcomeWaiter?.resume(throwing: ClientError.closed)
        welcomeWaiter = nil
        for reply in replies.values { reply.resume(throwing: ClientError.closed) }
        replies = [:]
        for stream in streams.values { stream.finish(throwing: ClientError.closed) }
        streams = [:]
    }

    // The deinit runs on the executor, so that nothing polls the socket while it is closed.
    isolated deinit { executor.unregisterAll() }

    func ask(_ request: ClientRequest) async throws -> ClientReply {
        guard !isClosed else { throw ClientError.closed }
        return try await withCheckedThrowingContinuation { continuation in
            let (correlation, actions) = machine.ask(request, now: MonotonicClock.now())
            replies[correlation] = continuation
            perform(actions)
        }
    }

    /// Sends a request that is answered by a stream of updates with the same correlation id.
    func open(_ request: ClientRequest) throws -> (UInt64, AsyncThrowingStream<WireJobStatus, any Error>) {
        guard !isClosed else { throw ClientError.closed }
        let (stream, continuation) = AsyncThrowingStream<WireJobStatus, any Error>.makeStream()
        let (correlation, actions) = machine.ask(request, now: MonotonicClock.now())
        for case .failed(correlation, let error) in actions { throw error }
        streams[correlation] = continuation
        continuation.onTermination = { [weak self] _ in Task { await self?.forget(correlation) } }
        perform(actions)
        return (correlation, stream)
    }

    /// The reply that precedes the updates.
    func reply(to correlation: UInt64) async throws -> ClientReply {
        guard streams[correlation] != nil else { throw ClientError.closed }
        return try await withCheckedThrowingContinuation { replies[correlation] = $0 }
    }

    private func forget(_ correlation: UInt64) {
        guard streams.removeValue(forKey: correlation) != nil else { return }
        perform(machine.forget(correlation, now: MonotonicClock.now()))
    }

    private func readable() {
        do {
            while let message = try socket.receive() {
                perform(machine.receive(message.frames, now: MonotonicClock.now()))
            }
        } catch { close() }
    }

    private func monitored() {
        do {
            while let report = try socket.nextMonitorEvent() {
                perform(machine.handle(report.event, now: MonotonicClock.now()))
            }
        } catch { close() }
    }

    func tick(now: UInt64) {
        timer = nil
        perform(machine.tick(now: now))
        // What is performed may close the client.
        guard !isClosed else { return }
        timer = executor.schedule(at: now &+ 200_000_000) { [weak self] in
            self?.assumeIsolated { $0.tick(now: MonotonicClock.now()) }
        }
    }

    private func perform(_ actions: [ClientStateMachine.Action]) {
        for action in actions { perform(action) }
        flush()
    }

    private func perform(_ action: ClientStateMachine.Action) {
        switch action {
        case .send(let frames): outbox.append(frames)
        case .welcomed(let welcome):
            self.welcome = welcome
            welcomeWaiter?.resume(returning: welcome)
            welcomeWaiter = nil
        case .reply(let correlation, let reply): replies.removeValue(forKey: correlation)?.resume(returning: reply)
        case .updates(let correlation, let updates): for update in updates { streams[correlation]?.yield(update) }
        case .ended(let correlation): streams.removeValue(forKey: correlation)?.finish()
        case .failed(let correlation, let error):
            replies.removeValue(forKey: correlation)?.resume(throwing: error)
            streams.removeValue(forKey: correlation)?.finish(throwing: error)
        case .unreachable(let error):
            // The queued messages belong to requests that have just failed.
            outbox = []
            welcomeWaiter?.resume(throwing: error)
            welcomeWaiter = nil
        case .reconnect:
            do {
                try socket.disconnect(configuration.endpoint)
                try socket.connect(configuration.endpoint)
            } catch { close() }
        }
    }

    private func flush() {
        var sent = 0
        do {
            while sent < outbox.count, try socket.send(outbox[sent]) == .sent { sent += 1 }
        } catch { close() }
        outbox.removeFirst(sent)
        if let registration = registrations.first { executor.setWriteInterest(registration, !outbox.isEmpty) }
    }
}
