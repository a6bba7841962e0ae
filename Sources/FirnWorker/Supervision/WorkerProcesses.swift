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
    private var killAt: UInt64?
    private var ended: CheckedContinuation<Void, Never>?
    private var hasEnded = false

    private static let pollNanoseconds: UInt64 = 50_000_000

    init(_ configuration: Configuration, logger: Logger) throws {
        executor = try PollingExecutor(name: "firn-supervisor")
        self.configuration = configuration
        log = logger
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

    private func reap(_ index: Int, now: UInt64) {
        guard let process = children[index].process else { return }
        var status: Int32 = 0
        guard unsafe waitpid(process, &status, WNOHANG) == process else { return }
        children[index].process = nil
        guard killAt == nil else { return }
        guard status != 0 else {
            children[index].wasDrained = true
            return log.notice(
                "a worker process was drained and is not started again", metadata: ["process": "\(process)"])
        }
        recordPredecessor(children[index], reason: Self.reason(status), at: index)
        let delay = nextDelay(index, now: now)
        children[index].startAt = MonotonicClock.deadline(after: delay)
        log.warning(
            "a worker process ended and is started again",
            metadata: [
                "process": "\(process)", "reason": "\(Self.reason(status))",
                "afterMilliseconds": "\(delay.milliseconds)",
            ])
    }

    /// The time until the process is started again, doubled each time that it ended soon. A process killed for a stuck
    /// evaluation restarts at once: it was not the cause, and each such evaluation takes long to be detected.
    private func nextDelay(_ index: Int, now: UInt64) -> Duration {
        guard children[index].stuck == nil else { return .zero }
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

    private static func reason(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "exit code \(status >> 8 & 0xFF)" : "signal \(signal)"
    }

    private func start(_ index: Int, now: UInt64) {
        children[index].startedAt = now
        children[index].stuck = nil
        children[index].status = nil
        let memory = ProcessStatus.makeMemory()
        defer { if let memory { close(memory) } }
        var process = pid_t()
        let code = Self.spawn(
            [configuration.executable] + configuration.arguments(index),
            environment(index, hasStatus: memory != nil), memory: memory, &process)
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
        var own = ["\(SupervisedProcess.supervisorVariable)=\(getpid())"]
        if hasStatus { own.append("\(SupervisedProcess.statusVariable)=\(Self.statusDescriptor)") }
        if let predecessor = children[index].predecessor {
            own.append("\(SupervisedProcess.predecessorVariable)=\(predecessor.text)")
        }
        let inherited = Self.environment.filter { entry in
            !SupervisedProcess.variables.contains { entry.hasPrefix("\($0)=") }
        }
        return inherited + own
    }

    /// - Parameters:
    ///   - arguments: the arguments, with the executable first.
    ///   - memory: the memory that the process shares with its supervisor; nil if it is not watched.
    /// - Returns: 0, or the error number of `posix_spawn`.
    private static func spawn(
        _ arguments: [String], _ environment: [String], memory: Int32?, _ process: inout pid_t
    ) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let memory { unsafe posix_spawn_file_actions_adddup2(&actions, memory, statusDescriptor) }
        return unsafe withCStrings(arguments) { words in
            unsafe withCStrings(environment) { environment in
                unsafe SpawnAttributes.withoutBlockedSignals { attributes in
                    unsafe posix_spawn(&process, arguments[0], &actions, attributes, words, environment)
                }
            }
        }
    }

    /// The first descriptor after standard input, output and error.
    private static let statusDescriptor: Int32 = 3

    private static var environment: [String] {
        var entries: [String] = []
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            unsafe entries.append(String(cString: entry))
            unsafe next += 1
        }
        return entries
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe strings.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe body(copies + [nil])
    }
}
