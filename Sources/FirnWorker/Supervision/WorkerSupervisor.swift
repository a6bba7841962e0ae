import Logging
import ServiceLifecycle

/// Runs a number of worker processes: starts them, starts one again that failed, and ends them when it is told to stop.
/// One that ends with exit code 0 was drained, and is not wanted back. None outlives it (`SupervisedProcess`).
///
/// It is also the watchdog of their evaluations. A process shares some memory with it, in which it says what it evaluates
/// and until when (`ProcessStatus`); one whose evaluation does not stop is killed and started again, and the new process
/// tells the coordinator which job was the cause (`Predecessor`). So nothing that a job does to its process, not even to
/// all of its threads, keeps the process from being of use again.
public struct WorkerSupervisor: Service {
    /// How many processes there are, what they run, and when they are started again.
    public struct Configuration: Sendable {
        public var processes: Int
        /// The program to start, and its arguments (without its name) for the process with an index from 0.
        public var executable: String
        public var arguments: @Sendable (Int) -> [String]
        /// A process that ends is started again after this long, doubled each time it ends soon, up to the maximum.
        public var restartMilliseconds: UInt64 = 200
        public var restartMaximumMilliseconds: UInt64 = 30_000
        /// A process that ran for so long starts anew with the shortest wait.
        public var steadyMilliseconds: UInt64 = 60_000
        /// An evaluation that goes on for so long after its deadline, or after it was cancelled, costs its process.
        public var cancelGraceMilliseconds: UInt64 = 5_000
        /// How long processes may take to end after SIGTERM, before SIGKILL. Above the workers' own bound.
        public var drainMilliseconds: UInt64 = 35_000

        public init(processes: Int, executable: String, arguments: @escaping @Sendable (Int) -> [String]) {
            self.processes = processes
            self.executable = executable
            self.arguments = arguments
        }
    }

    private let workerProcesses: WorkerProcesses

    /// - Throws: `ZeroMQError` when the thread cannot be started.
    ///
    /// Not inlined into other modules, as `WorkerService`'s.
    @_semantics("optimize.no.crossmodule")
    public init(_ configuration: Configuration, logger: Logger) throws {
        workerProcesses = try WorkerProcesses(configuration, logger: logger)
    }

    /// Supervises until it is told to stop, or every process was drained, and all have ended.
    public func run() async throws { try await workerProcesses.run() }

    /// The process ids of the children that run, in order of their index.
    public var processes: [Int32] { get async { await workerProcesses.processes } }
}

extension WorkerSupervisor.Configuration {
    /// A service as `WorkerSupervisor.init` makes it.
    ///
    /// From here and not from the service's `init`, because the optimiser of Swift 6.3 fails ("circular reference") where
    /// another module names that actor.
    @inline(never) @_semantics("optimize.no.crossmodule")
    public func makeService(logger: Logger) throws -> any Service {
        try WorkerSupervisor(self, logger: logger)
    }
}
