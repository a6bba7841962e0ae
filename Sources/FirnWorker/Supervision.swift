import Glibc
import Logging
import ServiceLifecycle
import ZeroMQ

/// The children of a supervisor, and the thread that starts them.
actor Supervision {
    typealias Configuration = WorkerSupervisor.Configuration

    private struct Child {
        var process: pid_t?
        var startedAt: UInt64 = 0
        var startAt: UInt64 = 0
        var waitMilliseconds: UInt64
        /// It was drained: by the coordinator, or with a signal of its own.
        var hasLeft = false
    }

    // The thread that starts the processes has to live as long as they do: they die with it.
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
            Child(waitMilliseconds: configuration.restartMilliseconds)
        }
    }

    /// Supervises until it is told to stop, or every process was drained, and all have ended.
    func run() async throws {
        tick()
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withCheckedContinuation { continuation in
                    ended = continuation
                    if hasEnded { finish() }
                }
            } onGracefulShutdown: {
                Task { await self.stop(within: self.configuration.drainMilliseconds) }
            }
        } onCancel: {
            Task { await self.stop(within: 0) }
        }
    }

    isolated deinit { executor.unregisterAll() }

    /// The process ids of the children that run, in order of their index.
    var processes: [Int32] { children.compactMap(\.process) }

    private func stop(within milliseconds: UInt64) {
        let deadline = PollingExecutor.now() &+ min(milliseconds, 1 << 40) * 1_000_000
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
        let now = PollingExecutor.now()
        for index in children.indices {
            reap(index, now: now)
            let child = children[index]
            if killAt == nil, !child.hasLeft, child.process == nil, now >= child.startAt { start(index, now: now) }
        }
        if killAt == nil, !children.isEmpty, children.allSatisfy(\.hasLeft) { killAt = now }
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
            children[index].hasLeft = true
            return log.notice(
                "a worker process was drained and is not started again", metadata: ["process": "\(process)"])
        }
        let ran = (now &- children[index].startedAt) / 1_000_000
        if ran >= configuration.steadyMilliseconds {
            children[index].waitMilliseconds = configuration.restartMilliseconds
        }
        let wait = children[index].waitMilliseconds
        children[index].startAt = now &+ wait * 1_000_000
        children[index].waitMilliseconds = min(wait * 2, max(wait, configuration.restartMaximumMilliseconds))
        log.warning(
            "a worker process ended and is started again",
            metadata: [
                "process": "\(process)", "reason": "\(Self.reason(status))", "afterMilliseconds": "\(wait)",
            ])
    }

    private static func reason(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "exit code \(status >> 8 & 0xFF)" : "signal \(signal)"
    }

    private func start(_ index: Int, now: UInt64) {
        let arguments = [configuration.executable] + configuration.arguments(index)
        var environment = Self.environment.filter { !$0.hasPrefix("\(SupervisedProcess.environmentVariable)=") }
        environment.append("\(SupervisedProcess.environmentVariable)=\(getpid())")
        var process = pid_t()
        let code = unsafe Self.withCStrings(arguments) { arguments in
            unsafe Self.withCStrings(environment) { environment in
                unsafe posix_spawn(&process, configuration.executable, nil, nil, arguments, environment)
            }
        }
        children[index].startedAt = now
        guard code == 0 else {
            children[index].startAt = now &+ children[index].waitMilliseconds * 1_000_000
            return log.error(
                "a worker process cannot be started",
                metadata: [
                    "executable": "\(configuration.executable)", "reason": "\(unsafe String(cString: strerror(code)))",
                ])
        }
        children[index].process = process
        log.info("started a worker process", metadata: ["process": "\(process)", "index": "\(index)"])
    }

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
