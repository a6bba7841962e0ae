import Logging
import ServiceLifecycle

/// A worker process: one connection to the coordinator and one virtual machine.
///
/// The connection has a thread that evaluations cannot block, so heartbeats continue however long a job takes.
public struct WorkerService: Service {
    private let connection: WorkerConnection

    /// Opens the roots and computes their content ids, which reads every file in them.
    ///
    /// - Throws: `RootedIOError` for a root that cannot be opened; `ZeroMQError` when sockets cannot be made;
    ///   `ThreadError` when there is no memory for the evaluating thread.
    ///
    /// It is not inlined into other modules, because there the optimiser fails on an actor with an isolated deinit
    /// ("circular reference").
    @_semantics("optimize.no.crossmodule")
    public init(_ configuration: WorkerConfiguration, logger: Logger) throws {
        connection = try WorkerConnection(configuration, logger: logger)
    }

    /// Makes a worker with another evaluator than the virtual machine.
    @_semantics("optimize.no.crossmodule")
    package init(
        _ configuration: WorkerConfiguration, evaluator: any JobEvaluator, logger: Logger
    ) throws {
        connection = try WorkerConnection(configuration, evaluator: evaluator, logger: logger)
    }

    /// Connects, and serves until it is told to stop and has drained. Cancelling the task ends it without a drain.
    ///
    /// - Throws: `ZeroMQError` for a malformed endpoint. A missing coordinator is no error: the worker waits for it and
    ///   logs why.
    public func run() async throws { try await connection.run() }
}

extension WorkerConfiguration {
    /// Makes a worker by `WorkerService.init`.
    ///
    /// This function exists because the optimiser of Swift 6.3 fails with "circular reference" where another module
    /// names that actor.
    @inline(never) @_semantics("optimize.no.crossmodule")
    public func makeService(logger: Logger) throws -> any Service {
        try WorkerService(self, logger: logger)
    }
}
