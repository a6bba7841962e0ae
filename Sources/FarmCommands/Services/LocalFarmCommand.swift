import ArgumentParser
import FirnCommands
import FirnCoordinator
import FirnProtocol
import FirnWorker
import NixStore

/// The command `firn farm`.
struct LocalFarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "farm", abstract: "Run a coordinator and workers on this machine.",
        discussion: """
            Creates what its directory lacks: keys, a store, and client.yaml, which tells clients how to connect. Prints a line \
            when it is ready. SIGTERM and Ctrl-C let running jobs finish and then stop everything. --config and --set \
            configure the coordinator, except for its endpoints, keys and store.

            Example: firn farm farm --processes 2 --root lib=./lib
            then: firn submit --config farm/client.yaml --wait -E '1 + 1'
            """)

    @Argument(help: "The farm's directory, which is created if it does not exist.")
    var directory: String

    @OptionGroup(title: "Configuration") var settings: SettingsArguments

    @Option(help: "The number of worker processes.")
    var processes = 2

    @Option(
        name: .customLong("root"),
        help: ArgumentHelp("A directory that jobs may read, and its name; repeatable.", valueName: "name=directory"))
    var roots: [RootArgument] = []

    @Option(
        name: .customLong("prepared"),
        help: ArgumentHelp(
            """
            A package set that the workers evaluate beforehand, from a file of a root (default: default.nix); repeatable. \
            Its image is kept in the farm's directory.
            """, valueName: "name=root[/path]"))
    var prepared: [PreparedArgument] = []

    @Option(
        help: ArgumentHelp(
            "The Nix daemon that builds what jobs read of derivations: daemon or unix://SOCKET (default: none).",
            valueName: "store"))
    var buildStore: String?

    @Option(help: "The first of the four ports on 127.0.0.1; 0 chooses free ports.")
    var port: UInt16 = 7701

    @Option(help: "The tenant of the generated client key.")
    var tenant = "local"

    @Flag(help: "Let the workers run as root, which is otherwise refused.")
    var allowRoot = false

    @Flag(help: "Print the endpoints and the path of client.yaml as one JSON document.")
    var json = false

    mutating func validate() throws {
        guard (1...1_024).contains(processes) else {
            throw ValidationError("--processes takes a number from 1 to 1024")
        }
        guard port <= UInt16.max - 3 else { throw ValidationError("--port takes a number up to \(UInt16.max - 3)") }
        for key in settings.assignedKeys where key.hasPrefix("endpoints.") || Self.ownKeys.contains(key) {
            throw ValidationError("--set \(key): a local farm chooses its endpoints, keys and store; see --port")
        }
        for set in prepared where !roots.contains(where: { $0.name == set.root }) {
            throw ValidationError("--prepared \(set.text): there is no --root \(set.root)=DIRECTORY")
        }
        if Tenant(tenant) == nil { throw ValidationError("--tenant '\(tenant)' is not a tenant's name") }
    }

    private static let ownKeys: Set = ["keys", "plainTenant", "store"]

    func run() async throws {
        try WorkerCommand.requireRoom()
        try WorkerSettings.requireUser(allowsRoot: allowRoot || Self.environmentAllowsRoot)
        // Otherwise the workers would fail and be restarted again and again.
        if let buildStore { _ = try WorkerSettings.daemonSocket(buildStore) }
        for root in roots { _ = try root.resolved() }
        let farm = try FarmDirectory(path: directory, tenant: tenant)
        var source = try await settings.source(
            of: "coordinator", options: endpoints + [("store", farm.store), ("keys", farm.keys)])
        let (configuration, logger) = try CoordinatorConfiguration.load(&source)
        let coordinator = try ServiceRunner.make { try configuration.makeService(logger: logger) }
        try farm.writeClientConfiguration(coordinator.endpoints)
        let arguments = workerArguments(farm, endpoint: coordinator.endpoints.workers, level: logger.logLevel.rawValue)
        var supervisor = WorkerSupervisor.Configuration(
            processes: processes, executable: "/proc/self/exe"
        ) { index in arguments + ["--name", "local-\(index)"] }
        supervisor.cancelGrace = max(.milliseconds(100), configuration.settings.cancelGrace)
        if !prepared.isEmpty {
            supervisor.keepImages(try await imageConfiguration(farm)) { set, identity in
                arguments + WorkerCommand.imageArguments(set, identity)
            }
        }
        let workers = try ServiceRunner.make { try supervisor.makeService(logger: logger) }
        let reload = await ConfigurationReload(coordinator, logger: logger) {
            try await settings.source(
                of: "coordinator", options: endpoints + [("store", farm.store), ("keys", farm.keys)])
        }
        Output.write(1, ready(farm, coordinator.endpoints) + "\n")
        try await ServiceRunner.run([coordinator.service, reload, workers], logger: logger)
    }

    /// Whether the workers will read from their environment that they may be root.
    private static var environmentAllowsRoot: Bool {
        LocalIO().environmentVariable(Array("FIRN_WORKER_ALLOW_ROOT".utf8)) == Array("true".utf8)
    }

    private func ready(_ farm: FarmDirectory, _ endpoints: CoordinatorConfiguration.Endpoints) -> String {
        guard json else { return "ready: \(farm.clientConfiguration)" }
        let listening = CoordinatorCommand.members(endpoints)
        return JSONValue.object([("clientConfiguration", .string(farm.clientConfiguration))] + listening).text
    }

    private var endpoints: [(key: String, value: String?)] {
        Endpoint.allCases.enumerated().map { index, endpoint in
            let number = port == 0 ? "*" : String(Int(port) + index)
            return ("endpoints.\(endpoint.rawValue)", "tcp://127.0.0.1:\(number)")
        }
    }

    private func workerArguments(_ farm: FarmDirectory, endpoint: String, level: String) -> [String] {
        var own = roots.flatMap { ["--root", $0.text] } + prepared.flatMap { ["--prepared", $0.text] }
        if !prepared.isEmpty { own += ["--images", farm.images] }
        return [
            "worker", "--endpoint", endpoint, "--key", farm.workerKey, "--server-key", farm.serverKey, "--processes",
            "1",
            "--set", "logLevel=\(level)",
        ] + (allowRoot ? ["--set", "allowRoot=true"] : []) + (buildStore.map { ["--set", "builds.store=\($0)"] } ?? [])
            + own
    }

    /// The configuration of the workers, as far as it concerns prepared sets.
    private func imageConfiguration(_ farm: FarmDirectory) async throws -> WorkerConfiguration {
        var source = try await SettingsSource(
            file: nil, prefix: "",
            overrides: ([("roots", roots.map(\.text).joined(separator: ",")), ("images.directory", farm.images)]
                + prepared.flatMap(\.settings)).compactMap { key, value in value.map { (key, $0) } },
            environment: [:])
        do throws(SettingsError) {
            return try WorkerSettings(&source).configuration
        } catch {
            throw CommandFailure(error.description, exitCode: 2)
        }
    }
}
