import FirnProtocol
import Synchronization
import ZeroMQ

/// The coordinator's end of a worker's sockets, which records what arrives and sends what a test tells it to.
actor TestCoordinator {
    nonisolated let executor: PollingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let control: Socket
    private let pull: Socket
    private var peer: [UInt8]?
    private(set) var endpoint = ""
    private(set) var traceEndpoint = ""
    private(set) var segments: [WireTraceSegment] = []
    private var waiting: [Waiter] = []
    private var messages: [WorkerMessage] = []
    /// Whether everything that arrives is dropped.
    private var isSilent = false
    private var lostHello: CheckedContinuation<Void, Never>?
    private var segmentWaiter: (Int, CheckedContinuation<Void, Never>)?
    private(set) var beats = 0

    init(context: Context) throws {
        executor = try PollingExecutor(name: "coordinator")
        var options = SocketOptions()
        options.routerMandatory = true
        control = try Socket(.router, context: context, options: options)
        pull = try Socket(.pull, context: context)
    }

    func start() throws {
        endpoint = try control.bind("tcp://127.0.0.1:*")
        traceEndpoint = try pull.bind("tcp://127.0.0.1:*")
        _ = executor.register(control, onReadable: { [weak self] in self?.assumeIsolated { $0.readable() } })
        _ = executor.register(pull, onReadable: { [weak self] in self?.assumeIsolated { $0.pulled() } })
    }

    isolated deinit { executor.unregisterAll() }

    /// Waits until that many trace segments have arrived.
    func hearSegments(_ count: Int) async {
        guard segments.count < count else { return }
        await withCheckedContinuation { segmentWaiter = (count, $0) }
    }

    /// Waits for a hello that arrives while messages are dropped.
    func hearLostHello() async { await withCheckedContinuation { lostHello = $0 } }

    func beSilent(_ silent: Bool) { isSilent = silent }

    /// Waits for the next message of a kind, and removes it.
    func next(_ kind: MessageKind) async -> WorkerMessage {
        if let index = messages.firstIndex(where: { $0.kind == kind }) { return messages.remove(at: index) }
        return await withCheckedContinuation { waiting.append(Waiter(kind: kind, continuation: $0)) }
    }

    private struct Waiter {
        let kind: MessageKind
        let continuation: CheckedContinuation<WorkerMessage, Never>
    }

    /// Waits for that many results, and joins the segments of values.
    func results(_ count: Int) async -> [UInt64: WireJobResult] {
        var results: [UInt64: WireJobResult] = [:]
        while results.count < count {
            guard case .results(let message) = await next(.results) else { continue }
            for result in message.results { results[result.job] = result.result }
        }
        return results
    }

    func send(_ command: WorkerCommand) throws {
        guard let peer else { return }
        _ = try control.send([peer] + Envelope(command).frames())
    }

    func dispatch(_ jobs: [(UInt64, WireJobSpecification)], limits: WireLimits = WireLimits()) throws {
        try send(
            .dispatch(
                .with {
                    $0.assignments = jobs.map { job, specification in
                        .with {
                            $0.job = job
                            $0.attempt = 1
                            $0.leaseMs = 10_000
                            $0.limits = limits
                            $0.roots = specification.roots
                            $0.specification = .init(specification.encoded())
                        }
                    }
                }))
    }

    private func readable() {
        while let message = try? control.receive() {
            guard message.frames.count == 3,
                let envelope = try? Envelope<WorkerMessage>(frames: message.frames.dropFirst())
            else { continue }
            if isSilent {
                if envelope.content.kind == .workerHello {
                    lostHello?.resume()
                    lostHello = nil
                }
                continue
            }
            peer = message.frames[0]
            take(envelope.content)
        }
    }

    private func take(_ message: WorkerMessage) {
        switch message {
        case .hello:
            let welcome = WireWorkerWelcome.with {
                $0.heartbeatMs = 100
                $0.leaseMs = 1_000
                $0.inlineResultBytes = 1_000
                $0.segmentBytes = 400
                $0.traceEndpoint = traceEndpoint
            }
            try? send(.welcome(welcome))
        case .heartbeat:
            beats += 1
            try? send(.heartbeat(WireHeartbeat()))
        default: break
        }
        if let index = waiting.firstIndex(where: { $0.kind == message.kind }) {
            waiting.remove(at: index).continuation.resume(returning: message)
        } else {
            messages.append(message)
        }
    }

    private func pulled() {
        while let message = try? pull.receive() {
            guard let envelope = try? Envelope<TraceMessage>(frames: message.frames),
                case .segment(let segment) = envelope.content
            else { continue }
            segments.append(segment)
            if let (count, continuation) = segmentWaiter, segments.count >= count {
                segmentWaiter = nil
                continuation.resume()
            }
        }
    }
}
