import Glibc
import Logging
import Platform
import ServiceLifecycle
import ZeroMQ

/// The child processes of a supervisor, and the thread that starts them.
actor WorkerProcesses {
    typealias Configuration = WorkerSupervisor.Configuration

    private struct Child {
        var process: pid_t?
        var startedAt: UInt64 = 0
        var startAt: UInt64 = 0
        /// The time until it is started again.
        var delay: Duration
        /// Whether the process was drained, by the coordinator or by a signal to it alone.
        var wasDrained = false
        /// Whether the process was told to leave so that a new one takes its place.
        var isReplaced = false
        var status: ProcessStatus?
        /// The evaluation because of which the process was killed.
        var stuck: Stuck?
        /// The last process of this slot that the coordinator knew and may still wait for.
        var predecessor: Predecessor?
    }

    /// An evaluation that did not stop.
    private struct Stuck {
        let key: LeaseKey
        let cause: String
    }

    // The kernel kills the processes when the thread that started them ends, so this thread must outlive them.
    nonisolated let executor: PollingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let configuration: Configuration
    private let log: Logger
    private var children: [Child]
    /// Nil if the worker has no prepared sets.
    private let images: ImageKeeper?
    /// The processes to be replaced, one after the other.
    private var replacing: [Int] = []
    private var killAt: UInt64?
    private var ended: CheckedContinuation<Void, Never>?
    private var hasEnded = false

    private static let pollNanoseconds: UInt64 = 50_000_000

    init(_ configuration: Configuration, logger: Logger) throws {
        executor = try PollingExecutor(name: "firn-supervisor")
        self.configuration = configuration
        log = logger
        images = try configuration.images.map { try ImageKeeper($0, logger: logger) }
        children = (0..<max(0, configuration.processes)).map { _ in
            Child(delay: configuration.restartDelay)
        }
    }

    /// Supervises until it is told to stop or every process was drained, and all have ended.
    func run() async throws {
        tick()
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withCheckedContinuation { continuation in
                    ended = continuation
                    if hasEnded { finish() }
                }
            } onGracefulShutdown: {
                Task { await self.stop(within: self.configuration.drainTimeout) }
            }
        } onCancel: {
            Task { await self.stop(within: .zero) }
        }
    }

    isolated deinit { executor.unregisterAll() }

    /// The process ids of the running children, in the order of their slots.
    var processes: [Int32] { children.compactMap(\.process) }

    private func stop(within timeout: Duration) {
        let deadline = MonotonicClock.deadline(after: timeout)
        let isFirst = killAt == nil
        killAt = min(killAt ?? .max, deadline)
        guard isFirst else { return }
        for child in children { if let process = child.process { kill(process, SIGTERM) } }
    }

    private func finish() {
        ended?.resume()
        ended = nil
    }

    private func tick() {
        let now = MonotonicClock.now()
        for index in children.indices {
            reap(index, now: now)
            killStuck(index, now: now)
            let child = children[index]
            if killAt == nil, !child.wasDrained, child.process == nil, now >= child.startAt { start(index, now: now) }
        }
        if killAt == nil, !children.isEmpty, children.allSatisfy(\.wasDrained) { killAt = now }
        if killAt == nil { keepImages(now: now) } else { images?.stop() }
        if let killAt {
            let running = children.compactMap(\.process)
            if running.isEmpty {
                hasEnded = true
                return finish()
            }
            if now >= killAt { for process in running { kill(process, SIGKILL) } }
        }
        executor.schedule(at: now &+ Self.pollNanoseconds) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
    }

    /// Tells the processes what has become of the images. When roots were replaced, processes that have read the new ones
    /// take the place of the old ones, one after the other, so that jobs go on.
    private func keepImages(now: UInt64) {
        guard let images else { return }
        images.tick(now: now, wanted: children.compactMap(\.status).flatMap { $0.wanted(images.words.count) })
        for child in children { child.status?.tell(images.words) }
        if images.needsNewProcesses {
            images.replacesProcesses()
            replacing = Array(children.indices)
        }
        // The one before must serve again, or there would be a moment in which none does.
        let isOneMissing = children.contains { $0.isReplaced || ($0.status.map { $0.instance == nil } ?? false) }
        guard let index = replacing.first, !isOneMissing else { return }
        replacing.removeFirst()
        guard let process = children[index].process, !children[index].wasDrained else { return }
        children[index].isReplaced = true
        log.info("a worker process reads its roots again", metadata: ["process": "\(process)"])
        kill(process, SIGTERM)
    }

    private func reap(_ index: Int, now: UInt64) {
        guard let process = children[index].process else { return }
        var status: Int32 = 0
        guard unsafe waitpid(process, &status, WNOHANG) == process else { return }
        children[index].process = nil
        guard killAt == nil else { return }
        guard status != 0 || children[index].isReplaced else {
            children[index].wasDrained = true
            return log.notice(
                "a worker process was drained and is not started again", metadata: ["process": "\(process)"])
        }
        if status == 0 { return children[index].startAt = now }
        recordPredecessor(children[index], reason: ChildProcess.reason(status), at: index)
        let delay = nextDelay(index, now: now)
        children[index].startAt = MonotonicClock.deadline(after: delay)
        log.warning(
            "a worker process ended and is started again",
            metadata: [
                "process": "\(process)", "reason": "\(ChildProcess.reason(status))",
                "afterMilliseconds": "\(delay.milliseconds)",
            ])
    }

    /// The time until the process is started again, doubled each time that it ended soon. A process killed for a stuck
    /// evaluation restarts at once: it was not the cause, and each such evaluation takes long to be detected.
    private func nextDelay(_ index: Int, now: UInt64) -> Duration {
        guard children[index].stuck == nil else { return .zero }
        // What a job does to its process is the job's fault, and a worker that waits longer each time would be a means to
        // stop it.
        if children[index].predecessor?.evaluating != nil, children[index].status?.evaluation != nil {
            return configuration.restartDelay
        }
        let ran = Duration.nanoseconds(Int64(clamping: now &- children[index].startedAt))
        if ran >= configuration.steadyAfter { children[index].delay = configuration.restartDelay }
        let delay = children[index].delay
        children[index].delay = min(delay * 2, max(delay, configuration.longestRestartDelay))
        return delay
    }

    /// Records for the next process what the ended one was doing. A process that the coordinator never knew leaves the
    /// previous record in place.
    private func recordPredecessor(_ child: Child, reason: String, at index: Int) {
        guard let instance = child.status?.instance else { return }
        children[index].predecessor = Predecessor(
            instance: instance, evaluating: child.stuck?.key ?? child.status?.evaluation?.key,
            cause: child.stuck?.cause ?? "the worker process ended with \(reason)")
    }

    /// Kills a process whose evaluation continues for longer than the grace time after its deadline or cancellation,
    /// and so does not poll its cancellation flag.
    private func killStuck(_ index: Int, now: UInt64) {
        let child = children[index]
        guard let process = child.process, child.stuck == nil, let evaluation = child.status?.evaluation else { return }
        guard now > evaluation.stopBy else { return }
        let late = Duration.nanoseconds(Int64(clamping: now - evaluation.stopBy))
        let grace = configuration.cancelGrace
        guard late >= grace else { return }
        children[index].stuck = Stuck(
            key: evaluation.key,
            cause: "the evaluation did not stop within \(grace.milliseconds) ms of its deadline or cancellation, "
                + "and its process was ended")
        log.error(
            "an evaluation does not stop: its process is ended",
            metadata: [
                "process": "\(process)", "job": "\(evaluation.key.job)", "attempt": "\(evaluation.key.attempt)",
                "lateMilliseconds": "\(late.milliseconds)",
            ])
        kill(process, SIGKILL)
    }

    private func start(_ index: Int, now: UInt64) {
        children[index].startedAt = now
        children[index].stuck = nil
        children[index].status = nil
        children[index].isReplaced = false
        let memory = ProcessStatus.makeMemory()
        defer { if let memory { close(memory) } }
        var process = pid_t()
        let code = ChildProcess.spawn(
            [configuration.executable] + configuration.arguments(index),
            environment(index, hasStatus: memory != nil), descriptors: memory.map { [$0] } ?? [], &process)
        guard code == 0 else {
            children[index].startAt = MonotonicClock.deadline(after: children[index].delay)
            return log.error(
                "a worker process cannot be started",
                metadata: [
                    "executable": "\(configuration.executable)", "reason": "\(unsafe String(cString: strerror(code)))",
                ])
        }
        children[index].process = process
        children[index].status = memory.flatMap { ProcessStatus(descriptor: $0) }
        log.info("started a worker process", metadata: ["process": "\(process)", "index": "\(index)"])
    }

    /// The whole environment of the process with that index.
    private func environment(_ index: Int, hasStatus: Bool) -> [String] {
        var own: [String] = []
        if hasStatus { own.append("\(SupervisedProcess.statusVariable)=\(ChildProcess.firstDescriptor)") }
        if let predecessor = children[index].predecessor {
            own.append("\(SupervisedProcess.predecessorVariable)=\(predecessor.text)")
        }
        return ChildProcess.environment(adding: own)
    }
}
