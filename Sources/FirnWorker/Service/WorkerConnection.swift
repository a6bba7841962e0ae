import FirnProtocol
import Logging
import NixEval
import NixStore
import NixVM
import Platform
import ServiceLifecycle
import ZeroMQ

/// A worker's sockets and state machine, on a polling thread of their own. Jobs are evaluated on another thread.
actor WorkerConnection {
    nonisolated let executor: PollingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    let configuration: WorkerConfiguration
    let log: Logger
    private let socket: Socket
    private let traces: TraceSender
    private let roots: RootedIO
    private let evaluator: any JobEvaluator
    /// Nil if no supervisor watches the process.
    let status = SupervisedProcess.status
    private let instance: [UInt8]
    var machine: WorkerStateMachine
    var sets: PreparedSets<PreparedImage>
    private let queue: EvaluationQueue
    /// Nil if nothing is built here.
    private var builds: BuildQueue?
    private var cancellations: [LeaseKey: Cancellation] = [:]
    private var uploads: [LeaseKey: UploadChannel] = [:]
    private var isReleaseScheduled = false
    private var outbox: [[[UInt8]]] = []
    private var registrations: [PollingExecutor.Registration] = []
    private var isLeaving = false
    private var failure: (any Error)?
    private var ended: CheckedContinuation<Void, Never>?
    private(set) var hasEnded = false

    /// - Parameter evaluator: replaces the virtual machine if it is not nil.
    init(_ configuration: WorkerConfiguration, evaluator: (any JobEvaluator)? = nil, logger: Logger) throws {
        let executor = try PollingExecutor(name: "firn-worker")
        self.executor = executor
        queue = EvaluationQueue(
            status: SupervisedProcess.status,
            limit: EvaluationQueue.Results(
                count: configuration.uncommittedResults, bytes: configuration.uncommittedBytes))
        self.configuration = configuration
        log = logger
        let directories = configuration.roots.sorted { $0.key < $1.key }
        roots = try RootedIO(
            roots: directories.map { RootedIO.Root(name: $0.key, directory: Array($0.value.utf8)) })
        self.evaluator = try evaluator ?? configuration.makeEvaluator(executor, logger)
        let context = try Context()
        socket = try Socket(.dealer, context: context, options: Self.controlOptions(configuration))
        traces = try TraceSender(configuration, context: context, executor: executor)
        let announced = configuration.announce(roots, logger)
        sets = PreparedSets(configuration.preparedSets, contentIDs: configuration.contentIDs(announced, roots))
        var settings = WorkerProfile(configuration, roots: announced, predecessor: SupervisedProcess.predecessor)
        settings.hello.preparedSets = sets.announced
        instance = [UInt8](settings.hello.instance)
        machine = WorkerStateMachine(settings, now: MonotonicClock.now())
    }

    private static func controlOptions(_ configuration: WorkerConfiguration) -> SocketOptions {
        var options = SocketOptions()
        options.security = configuration.security
        options.ipv6 = configuration.ipv6
        options.isMonitored = true
        options.immediate = true
        options.maxMessageBytes = Int64(ProtocolLimits.frameBytes)
        // A low mark, because a heartbeat cannot overtake the messages that libzmq has queued.
        options.sendHighWater = 8
        options.linger = .seconds(1)
        return options
    }

    /// Serves until it is told to stop and has drained. Cancelling the task ends it without a drain.
    func run() async throws {
        let reports = try await evaluator.begin()
        log.record(reports)
        machine.profile.hello.sandbox = reports.map(\.wire)
        try start()
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withCheckedContinuation { continuation in
                    ended = continuation
                    if hasEnded { finish() }
                }
            } onGracefulShutdown: {
                Task { await self.drain() }
            }
        } onCancel: {
            Task { await self.end(nil) }
        }
        if !Task.isCancelled, configuration.evaluators == nil { await evaluator.storePrograms() }
        if let failure { throw failure }
    }

    // The deinit runs on the executor, so that nothing polls the socket while it is closed.
    isolated deinit { executor.unregisterAll() }

    private func start() throws {
        registrations.append(
            executor.register(
                socket, onReadable: { [weak self] in self?.assumeIsolated { $0.readable() } },
                onWritable: { [weak self] in self?.assumeIsolated { $0.flush() } }))
        let monitor = executor.registerMonitor(of: socket) { [weak self] in
            self?.assumeIsolated { $0.monitored() }
        }
        if let monitor { registrations.append(monitor) }
        traces.register { [weak self] in self?.assumeIsolated { $0.sendTraces() } }
        builds = configuration.builder.map { builder in
            BuildQueue(builder) { [weak self] ended in Task { await self?.built(ended) } }
        }
        traces.queue.onMessage { [weak self] in Task { await self?.sendTraces() } }
        executor.setEndOfTurn { [weak self] in self?.assumeIsolated { $0.endOfTurn() } }
        log.info(
            "connecting",
            metadata: ["endpoint": "\(configuration.endpoint)", "name": "\(configuration.name)"])
        try socket.connect(configuration.endpoint)
        pollSets()
        tick()
    }

    private func drain() { perform(machine.drain(now: MonotonicClock.now())) }

    private func end(_ error: (any Error)?) {
        guard !hasEnded else { return }
        hasEnded = true
        failure = error
        for key in cancellations.keys { cancel(key) }
        evaluator.stop()
        builds?.stop()
        for registration in registrations { executor.unregister(registration) }
        registrations = []
        traces.close()
        executor.unregisterAll()
        finish()
    }

    private func finish() {
        ended?.resume()
        ended = nil
    }

    private func readable() {
        do {
            while !hasEnded, let message = try socket.receive() {
                perform(machine.receive(message.frames, now: MonotonicClock.now()))
            }
        } catch { end(error) }
    }

    private func monitored() {
        do {
            while !hasEnded, let report = try socket.nextMonitorEvent() {
                perform(machine.handle(report.event, now: MonotonicClock.now()))
            }
        } catch { end(error) }
    }

    private func tick() {
        guard !hasEnded else { return }
        let now = MonotonicClock.now()
        if let current = queue.current {
            machine.confirmRunning(current.key, cpuNanoseconds: current.cpuNanoseconds, now: now)
        }
        pollSets()
        perform(machine.tick(now: now))
        executor.schedule(at: now &+ machine.heartbeatNanoseconds / 8) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
    }

    private func endOfTurn() {
        guard !hasEnded else { return }
        let now = MonotonicClock.now()
        if let current = queue.current { machine.confirmRunning(current.key, cpuNanoseconds: 0, now: now) }
        perform(machine.endOfTurn(now: now))
        // Results are kept until they are committed. While there are too many, no job begins; here they may have become
        // fewer.
        for _ in 0..<queue.updateResults(machine.results) { evaluateNext() }
        flush()
        scheduleRelease(now: now)
    }

    /// Sets a timer for the moment at which the current job counts as long.
    private func scheduleRelease(now: UInt64) {
        guard !isReleaseScheduled, let time = machine.nextReleaseTime else { return }
        isReleaseScheduled = true
        // Jobs that cannot be returned yet are tried again, but not in every turn.
        executor.schedule(at: max(time, now &+ 5_000_000)) { [weak self] in
            self?.assumeIsolated {
                $0.isReleaseScheduled = false
                $0.perform($0.machine.releaseWaiting(now: MonotonicClock.now()))
            }
        }
    }

    func perform(_ actions: [WorkerStateMachine.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: WorkerStateMachine.Action) {
        switch action {
        case .send(let frames): outbox.append(frames)
        case .evaluate(let key, let assignment, let successor): evaluate(key, assignment, aheadOf: successor)
        case .withdraw(let keys): withdraw(keys, stop: false)
        case .stop(let keys): withdraw(keys, stop: true)
        case .build(let start): builds?.add(start)
        case .prepare(let prepare): self.prepare(prepare)
        case .uploadReply(let key, let reply): uploads[key]?.deliver(reply)
        case .connectTraces(let endpoint): connectTraces(endpoint)
        case .reconnect: reconnect()
        case .note(let note):
            if case .connected = note { status?.welcomed(as: instance) }
            log.record(note)
        case .leave: isLeaving = true
        }
    }

    private func evaluate(_ key: LeaseKey, _ assignment: WireAssignment, aheadOf successor: UInt64?) {
        let cancellation = Cancellation()
        cancellations[key] = cancellation
        let channel = UploadChannel(key: key, windowBytes: machine.uploadWindowBytes) { [weak self] in
            Task { await self?.sendUploads(of: key) }
        }
        uploads[key] = channel
        let run = AssignedJob(
            key: key, assignment: assignment, cancellation: cancellation, roots: roots,
            printedBytes: configuration.printedBytes, builder: configuration.builder, prepared: start(of: assignment),
            traces: traces.queue,
            uploads: channel, segmentBytes: machine.segmentBytes)
        queue.insert(run, aheadOf: successor)
        evaluateNext()
    }

    /// Takes what the evaluating thread uploads.
    private func sendUploads(of key: LeaseKey) {
        guard let channel = uploads[key] else { return }
        machine.upload(key, channel.take())
        flush()
    }

    /// Asks the evaluator to run jobs until none may begin.
    private func evaluateNext() {
        Task { [evaluator] in
            guard await completeNext() else { return }
            while await completeNext() {}
            await evaluator.storePrograms()
        }
    }

    /// Evaluates a job and passes its result on. It is a function of its own so that the calling task holds neither
    /// while it waits for further jobs.
    private func completeNext() async -> Bool {
        guard let (key, result) = await evaluator.performNext(of: queue) else { return false }
        completed(key, result)
        return true
    }

    private func cancel(_ key: LeaseKey) {
        guard let cancellation = cancellations[key] else { return }
        cancellation.cancel()
        evaluator.cancel(key)
        status?.cancelled(key, at: MonotonicClock.now())
    }

    private func completed(_ key: LeaseKey, _ result: WireJobResult) {
        cancellations[key] = nil
        uploads[key] = nil
        machine.completed(key, result, now: MonotonicClock.now())
        for _ in 0..<queue.updateResults(machine.results, delivered: result.bytes) { evaluateNext() }
    }

    private func built(_ ended: WireBuildsEnded) {
        guard !hasEnded else { return }
        perform(machine.built(ended))
    }

    private func withdraw(_ keys: [LeaseKey], stop: Bool) {
        if stop { for key in keys { cancel(key) } }
        let withdrawn = queue.withdraw(keys)
        for key in withdrawn {
            cancellations[key] = nil
            uploads[key] = nil
        }
        machine.withdrawn(withdrawn, now: MonotonicClock.now())
        machine.notWithdrawn(keys.filter { !withdrawn.contains($0) })
    }

    private func connectTraces(_ endpoint: String) {
        do {
            try traces.connect(endpoint)
        } catch {
            log.error("traces cannot be sent", metadata: ["endpoint": "\(endpoint)", "reason": "\(error)"])
        }
    }

    private func sendTraces() {
        do { try traces.flush() } catch { end(error) }
    }

    private func reconnect() {
        outbox = []
        do {
            try socket.disconnect(configuration.endpoint)
            try socket.connect(configuration.endpoint)
        } catch { end(error) }
    }

    /// Sends control messages, and parts of large values only when no control message waits.
    private func flush() {
        guard let registration = registrations.first else { return }
        var sent = 0
        var isFull = false
        do {
            while sent < outbox.count {
                guard try socket.send(outbox[sent]) == .sent else { break }
                sent += 1
            }
            isFull = sent < outbox.count
            outbox.removeFirst(sent)
            while !isFull, let part = machine.nextBulk() {
                guard try socket.send(part) != .sent else { continue }
                outbox.append(part)
                isFull = true
            }
        } catch { return end(error) }
        executor.setWriteInterest(registration, isFull)
        if isLeaving, !isFull { end(nil) }
    }
}

extension WorkerConfiguration {
    /// What evaluates the jobs.
    ///
    /// - Parameter executor: the connection's executor.
    fileprivate func makeEvaluator(_ executor: PollingExecutor, _ logger: Logger) throws -> any JobEvaluator {
        if let evaluators {
            return EvaluatorPool(evaluators, EvaluatorSettings(self), executor: executor, logger: logger)
        }
        return try VirtualMachine(
            programCacheBytes: programCacheBytes, programCacheDirectory: programCacheDirectory, fetching: fetching)
    }
}
