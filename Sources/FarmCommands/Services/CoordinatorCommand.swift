import ArgumentParser
import FirnCommands
import FirnCoordinator
import Logging

/// The command `firn coordinator`.
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator", abstract: "Run a coordinator, which queues jobs and dispatches them to workers.",
        discussion: """
            Prints its endpoints when it is ready, and logs to standard error. SIGTERM and Ctrl-C drain it: it accepts no new \
            jobs and waits for the running ones. SIGHUP reads the tenants, the retention and the keys again. config/coordinator.yaml describes every key; the environment variable \
            FIRN_COORDINATOR_KEY sets the key KEY.

            Example: firn coordinator --config coordinator.yaml --set leaseMs=5000
            """)

    @OptionGroup(title: "Configuration") var settings: SettingsArguments

    @Option(help: ArgumentHelp("The directory of jobs, results and traces.", valueName: "directory"))
    var store: String?

    @Option(help: ArgumentHelp("The directory of keys made by firn keys.", valueName: "directory"))
    var keys: String?

    @Flag(help: "Print the endpoints as one JSON document.")
    var json = false

    func run() async throws {
        var source = try await settings.source(of: "coordinator", options: [("store", store), ("keys", keys)])
        let (configuration, logger) = try CoordinatorConfiguration.load(&source)
        let made = try ServiceRunner.make { try configuration.makeService(logger: logger) }
        let reload = await ConfigurationReload(made, logger: logger) {
            try await settings.source(of: "coordinator", options: [("store", store), ("keys", keys)])
        }
        Output.write(1, Self.ready(made.endpoints, json: json) + "\n")
        try await ServiceRunner.run([made.service, reload], logger: logger)
    }

    /// The line that is printed when the endpoints are bound.
    static func ready(_ endpoints: CoordinatorConfiguration.Endpoints, json: Bool) -> String {
        if json { return JSONValue.object(members(endpoints)).text }
        return "ready: " + list(endpoints).map { "\($0.name) \($0.endpoint)" }.joined(separator: ", ")
    }

    static func members(_ endpoints: CoordinatorConfiguration.Endpoints) -> [(String, JSONValue)] {
        list(endpoints).map { ($0.name, .string($0.endpoint)) }
    }

    private static func list(
        _ endpoints: CoordinatorConfiguration.Endpoints
    ) -> [(name: String, endpoint: String)] {
        [
            ("clients", endpoints.clients), ("workers", endpoints.workers), ("traces", endpoints.traces),
            ("operators", endpoints.operators),
        ]
    }
}

extension CoordinatorConfiguration {
    /// Reads a coordinator's whole configuration and makes its logger.
    ///
    /// - Throws: `CommandFailure` with exit code 2 for a wrong configuration.
    static func load(_ source: inout SettingsSource) throws -> (CoordinatorConfiguration, Logger) {
        do throws(SettingsError) {
            let logger = ServiceRunner.logger(try ServiceRunner.level(&source))
            let coordinator = try CoordinatorConfiguration(&source)
            try source.finish()
            return (coordinator, logger)
        } catch {
            throw CommandFailure(error.description, exitCode: 2)
        }
    }
}
