import FirnClient
import FirnCommands
import FirnCoordinator
import FirnProtocol
import FirnWorker
import Foundation
import Logging
import NixStore
import ServiceLifecycle

/// A farm on this machine for the duration of one command. Its sockets are in a directory that only this user may
/// enter, so it needs no keys.
enum TemporaryFarm {
    private static let tenant = "local"

    /// Starts a farm, calls `body` with a client of it, and stops and removes everything in any case.
    ///
    /// - Parameters:
    ///   - budget: the memory of the processes.
    ///   - programCache: the directory in which workers keep compiled programs; nil for none.
    ///   - builds: where and how is built what jobs read of derivations; nil for not at all.
    ///   - image: what jobs start from; nil if they begin with nothing.
    static func run(
        budget: MemoryBudget, roots: [RootArgument], programCache: String?, builds: Builds?, image: JobImage?,
        _ body: @escaping @Sendable (FirnClient) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory.make()
        defer { TemporaryDirectory.remove(directory) }
        var logger = Logger(label: "firn")
        logger.logLevel = .error
        let configuration = configuration(directory, jobMemoryBytes: budget.ofLoneJob)
        let coordinator = try ServiceRunner.make { try configuration.makeService(logger: logger) }
        let arguments =
            workerArguments(coordinator.endpoints, roots, programCache, budget.programCacheBytes)
            + (builds?.workerArguments ?? []) + (image?.workerArguments ?? [])
        let supervisor = supervisor(budget.workers, arguments)
        let workers = try ServiceRunner.make { try supervisor.makeService(logger: logger) }
        let group = ServiceGroup(
            services: [coordinator.service, workers], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await run(group, endpoint: coordinator.endpoints.clients, body)
    }

    /// The builds of a farm.
    struct Builds: Sendable {
        /// The daemon, as `--store` names it.
        var store: String
        var options: DaemonOptions

        fileprivate var workerArguments: [String] {
            [
                ("store", store), ("maxJobs", "\(options.jobs)"), ("cores", "\(options.cores)"),
                ("substitute", "\(options.substitutes)"), ("timeoutSeconds", "\(options.buildSeconds)"),
                ("silentSeconds", "\(options.silentSeconds)"),
            ].flatMap { ["--set", "builds.\($0)=\($1)"] }
        }
    }

    /// Runs the services until `body` has ended.
    private static func run(
        _ group: ServiceGroup, endpoint: String, _ body: @escaping @Sendable (FirnClient) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await group.run()
                return false
            }
            tasks.addTask {
                let client = try await FirnClient.connect(ClientConfiguration(endpoint: endpoint, security: .plain))
                try await body(client)
                return true
            }
            let isDone = try await tasks.next() ?? true
            await group.triggerGracefulShutdown()
            // The services ended first, because of a signal or a failure of one of them.
            if !isDone { throw CommandFailure("stopped before the end", exitCode: EvalJobsCommand.farmExitCode) }
            try await tasks.waitForAll()
        }
    }

    private static func configuration(_ directory: String, jobMemoryBytes: Int) -> CoordinatorConfiguration {
        var endpoints = CoordinatorConfiguration.Endpoints()
        endpoints.clients = "ipc://\(directory)/clients"
        endpoints.workers = "ipc://\(directory)/workers"
        endpoints.traces = "ipc://\(directory)/traces"
        endpoints.operators = "ipc://\(directory)/operators"
        var configuration = CoordinatorConfiguration(
            endpoints: endpoints, access: .plain(tenant: tenant), storeDirectory: "\(directory)/store")
        // The user owns the machine, so the command's own limits apply.
        configuration.settings.defaultPolicy.maximumLimits.memoryBytes = UInt64(jobMemoryBytes)
        configuration.settings.defaultPolicy.defaultLimits.memoryBytes = UInt64(jobMemoryBytes)
        configuration.settings.defaultPolicy.maximumLimits.timeoutMs = 86_400_000
        configuration.settings.defaultPolicy.defaultLimits.closureBytes = 1 << 50
        configuration.settings.defaultPolicy.maximumLimits.closureBytes = 1 << 50
        configuration.settings.defaultPolicy.closureBytesPerHour = 0
        configuration.settings.retention.maximumObjectBytes = 1 << 50
        configuration.settings.defaultPolicy.defaultLimits.fuel =
            configuration.settings.defaultPolicy.maximumLimits.fuel
        return configuration
    }

    private static func supervisor(_ processes: Int, _ arguments: [String]) -> WorkerSupervisor.Configuration {
        var supervisor = WorkerSupervisor.Configuration(
            processes: processes, executable: "/proc/self/exe"
        ) { index in arguments + ["--name", "local-\(index)"] }
        supervisor.drainTimeout = .seconds(5)
        return supervisor
    }

    private static func workerArguments(
        _ endpoints: CoordinatorConfiguration.Endpoints, _ roots: [RootArgument], _ programCache: String?,
        _ programCacheBytes: Int
    ) -> [String] {
        [
            "worker", "--endpoint", endpoints.workers, "--processes", "1", "--set", "logLevel=error", "--set",
            "contentIDs=false", "--set", "heldJobs=1",
            // The jobs are the user's own, whoever that is.
            "--set", "allowRoot=true",
            // A drain would be useless, because nobody awaits the results of a stopped command.
            "--set", "drainTimeoutMs=0", "--set", "programCacheBytes=\(programCacheBytes)",
        ]
            + (programCache.map { ["--set", "programCacheDirectory=\($0)"] } ?? [])
            + roots.flatMap { ["--root", $0.text] }
    }
}
