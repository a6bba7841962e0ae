import Logging
import ServiceLifecycle

/// A worker process's service: one connection to the coordinator, one virtual machine.
///
/// The connection lives on a thread that the evaluation cannot block: however long a job takes, heartbeats go out.
public struct WorkerService: Service {
    private let connection: WorkerConnection

    /// Opens the roots and computes their content ids, which reads every file in them.
    ///
    /// - Throws: `RootedIOError` for a root that cannot be opened; `ZeroMQError` when sockets cannot be made;
    ///   `BigStackError` when there is no memory for the evaluation's thread.
    ///
    /// Not inlined into other modules: there the optimiser cannot read an actor with an isolated deinit ("circular reference").
    @_semantics("optimize.no.crossmodule")
    public init(_ configuration: WorkerConfiguration, logger: Logger) throws {
        connection = try WorkerConnection(configuration, logger: logger)
    }

    /// The same with another evaluator than a virtual machine.
    @_semantics("optimize.no.crossmodule")
    package init(
        _ configuration: WorkerConfiguration, evaluator: any AssignedEvaluator, logger: Logger
    ) throws {
        connection = try WorkerConnection(configuration, evaluator: evaluator, logger: logger)
    }

    /// Connects, and serves until it is told to stop and has drained, or is cancelled, which does not drain.
    ///
    /// - Throws: `ZeroMQError` for an endpoint that is none. A coordinator that is not there is no error: it is waited
    ///   for, and the log says so.
    public func run() async throws { try await connection.run() }
}

extension WorkerConfiguration {
    /// A service as `WorkerService.init` makes it.
    ///
    /// From here and not from the service's `init`, because the optimiser of Swift 6.3 fails ("circular reference") where
    /// another module names that actor.
    @inline(never) @_semantics("optimize.no.crossmodule")
    public func makeService(logger: Logger) throws -> any Service {
        try WorkerService(self, logger: logger)
    }
}
