import Logging
import ServiceLifecycle

/// Runs a number of worker processes: starts them, restarts those that fail, and ends them when it is told to stop. A
/// process that ends with exit code 0 was drained and is not restarted. No child outlives the supervisor
/// (`SupervisedProcess`).
///
/// The supervisor is also the watchdog of their evaluations. A process names its evaluation and deadline in memory that
/// both share (`ProcessStatus`). If an evaluation does not stop, its process is killed and replaced, and the new
/// process tells the coordinator which job was the cause (`Predecessor`). So the worker recovers from whatever a job
/// does to its process, even if all its threads are blocked.
public struct WorkerSupervisor: Service {
    /// The number of processes, what they run, and when they are restarted.
    public struct Configuration: Sendable {
        public var processes: Int
        /// The program to start, and its arguments without the program's name for the process with an index from 0.
        public var executable: String
        public var arguments: @Sendable (Int) -> [String]
        /// The time after which a process that ended is restarted. It doubles each time the process ends soon, up to
        /// the longest.
        public var restartDelay = Duration.milliseconds(200)
        public var longestRestartDelay = Duration.seconds(30)
        /// A process that ran for this long restarts with the shortest wait.
        public var steadyAfter = Duration.seconds(60)
        /// A process is killed if its evaluation continues for this long after its deadline or cancellation.
        public var cancelGrace = Duration.seconds(5)
        /// How long processes may take to end after SIGTERM, before SIGKILL. It is longer than the workers' own drain
        /// time.
        public var drainTimeout = Duration.seconds(35)
        /// What keeps the images of prepared sets; nil if there are none.
        var images: ImageKeeper.Configuration?

        public init(processes: Int, executable: String, arguments: @escaping @Sendable (Int) -> [String]) {
            self.processes = processes
            self.executable = executable
            self.arguments = arguments
        }

        /// Has the images made that a worker's configuration asks for, by processes with these arguments.
        public mutating func keepImages(
            _ worker: WorkerConfiguration,
            arguments: @escaping @Sendable (_ set: PreparedSet, _ identity: [UInt8]) -> [String]
        ) {
            guard let settings = worker.images, worker.preparedSets.contains(where: { $0.origin == .root }) else {
                return
            }
            images = ImageKeeper.Configuration(
                sets: worker.preparedSets, roots: worker.roots, settings: settings, executable: executable,
                arguments: arguments)
        }
    }

    private let workerProcesses: WorkerProcesses

    /// - Throws: `ZeroMQError` when the thread cannot be started.
    ///
    /// It is not inlined into other modules, for the reason given at `WorkerService.init`.
    @_semantics("optimize.no.crossmodule")
    public init(_ configuration: Configuration, logger: Logger) throws {
        workerProcesses = try WorkerProcesses(configuration, logger: logger)
    }

    /// Supervises until it is told to stop or every process was drained, and all have ended.
    public func run() async throws { try await workerProcesses.run() }

    /// The process ids of the running children, in the order of their slots.
    public var processes: [Int32] { get async { await workerProcesses.processes } }
}

extension WorkerSupervisor.Configuration {
    /// Makes a supervisor by `WorkerSupervisor.init`.
    ///
    /// This function exists because the optimiser of Swift 6.3 fails with "circular reference" where another module
    /// names that actor.
    @inline(never) @_semantics("optimize.no.crossmodule")
    public func makeService(logger: Logger) throws -> any Service {
        try WorkerSupervisor(self, logger: logger)
    }
}
