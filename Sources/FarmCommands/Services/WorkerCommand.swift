import ArgumentParser
import FirnCommands
import FirnWorker
import Logging
import NixStore
import NixVM
import Sandbox

/// The command `firn worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run worker processes, which evaluate jobs.",
        discussion: """
            SIGTERM and Ctrl-C drain it: running jobs are finished and waiting ones returned. config/worker.yaml describes \
            every key; the environment variable FIRN_WORKER_KEY sets the key KEY.

            Example: firn worker --endpoint tcp://farm:7702 --key worker-build1.cert_secret \
            --server-key coordinator.cert --processes 4 --root lib=/srv/lib
            """)

    @OptionGroup(title: "Configuration") var settings: SettingsArguments

    @Option(help: "The worker's name, unique in its farm (default: the host name).")
    var name: String?

    @Option(
        help: ArgumentHelp("The coordinator's endpoint for workers, such as tcp://farm:7702.", valueName: "endpoint"))
    var endpoint: String?

    @Option(help: ArgumentHelp("The worker's key, a .cert_secret file.", valueName: "file"))
    var key: String?

    @Option(help: ArgumentHelp("The coordinator's public key, coordinator.cert.", valueName: "file"))
    var serverKey: String?

    @Option(help: "The number of evaluating processes.")
    var processes: Int?

    @Option(
        name: .customLong("root"),
        help: ArgumentHelp("A directory that jobs may read, and its name; repeatable.", valueName: "name=directory"))
    var roots: [RootArgument] = []

    @Option(
        name: .customLong("prepared"),
        help: ArgumentHelp(
            "A prepared set, made from a file of a root (default: default.nix); repeatable.",
            valueName: "name=root[/path]"))
    var prepared: [PreparedArgument] = []

    @Option(help: ArgumentHelp("The directory of the images of prepared sets.", valueName: "directory"))
    var images: String?

    @Option(help: .init("Make the image of one set and end; the supervisor runs this.", visibility: .hidden))
    var makeImage: String?

    func run() async throws {
        var source = try await settings.source(
            of: "worker",
            options: [
                ("name", name), ("endpoint", endpoint), ("key", key), ("serverKey", serverKey),
                ("processes", processes.map(String.init)),
                ("roots", roots.isEmpty ? nil : roots.map(\.text).joined(separator: ",")),
                ("images.directory", images),
            ] + prepared.flatMap(\.settings))
        let (worker, logger) = try WorkerSettings.load(&source)
        try worker.leaveRoot()
        if let makeImage { throw ExitCode(try Self.make(makeImage, worker.configuration).rawValue) }
        let configuration = try worker.configurationWithKeys()
        // These processes hold the worker's key.
        Privileges.protectKeys()
        guard !SupervisedProcess.isSupervised else {
            let service = try ServiceRunner.make { try configuration.makeService(logger: logger) }
            return try await ServiceRunner.run([service], logger: logger)
        }
        try Self.requireRoom()
        // Otherwise the workers would fail and be restarted again and again.
        for (name, directory) in configuration.roots.sorted(by: { $0.key < $1.key }) {
            _ = try RootArgument(name: name, directory: directory).resolved()
        }
        let service = try ServiceRunner.make { try supervisor(worker, configuration).makeService(logger: logger) }
        try await ServiceRunner.run([service], logger: logger)
    }

    /// Checks that the system's limit on address space is large enough for a worker.
    ///
    /// - Throws: `CommandFailure` if every job would fail because of the limit.
    static func requireRoom() throws {
        guard AddressSpace.hasRoom else { throw CommandFailure(AddressSpace.failureText) }
    }

    /// The arguments with which a worker's process makes the image of a set.
    static func imageArguments(_ set: PreparedSet, _ identity: [UInt8]) -> [String] {
        ["--make-image", "\(set.name)@\(String(decoding: Base16.encode(identity), as: UTF8.self))"]
    }

    /// Makes an image that a supervisor asks for.
    private static func make(_ text: String, _ configuration: WorkerConfiguration) throws -> ImageBuild.Exit {
        let parts = text.split(separator: "@").map(String.init)
        guard parts.count == 2, let build = ImageBuild(of: parts[0], identity: parts[1], configuration) else {
            throw CommandFailure("--make-image \(text): the configuration has no such set to make", exitCode: 2)
        }
        return build.run()
    }

    /// A supervisor of processes that repeat this command line, followed by the options of each process.
    private func supervisor(
        _ worker: WorkerSettings, _ configuration: WorkerConfiguration
    ) -> WorkerSupervisor.Configuration {
        let own = Array(CommandLine.arguments.dropFirst())
        let isAlone = worker.processes == 1
        let name = configuration.name
        var supervisor = WorkerSupervisor.Configuration(
            processes: worker.processes, executable: "/proc/self/exe"
        ) { index in own + ["--processes", "1", "--name", isAlone ? name : "\(name)-\(index)"] }
        supervisor.cancelGrace = worker.cancelGrace
        supervisor.keepImages(configuration) { set, identity in own + Self.imageArguments(set, identity) }
        // The supervisor waits longer than the processes' own drain takes.
        supervisor.drainTimeout = configuration.drainTimeout + .seconds(5)
        return supervisor
    }
}

extension WorkerSettings {
    /// Reads a worker's whole configuration and makes its logger.
    ///
    /// - Throws: `CommandFailure` with exit code 2 for a wrong configuration.
    static func load(_ source: inout SettingsSource) throws -> (WorkerSettings, Logger) {
        do throws(SettingsError) {
            let logger = ServiceRunner.logger(try ServiceRunner.level(&source))
            let worker = try WorkerSettings(&source)
            try source.finish()
            return (worker, logger)
        } catch {
            throw CommandFailure(error.description, exitCode: 2)
        }
    }
}
