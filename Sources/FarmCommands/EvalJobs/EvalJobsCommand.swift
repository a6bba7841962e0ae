import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import FoundationEssentials

/// The command `firn eval-jobs`.
struct EvalJobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval-jobs", abstract: "Evaluate every derivation of a package set, on many workers.",
        discussion: """
            Takes the command line of nix-eval-jobs, and prints one JSON object per line for each derivation, with its \
            fields: attr, attrPath, name, system, drvPath, outputs, requiredSystemFeatures, and those that options ask \
            for. For an attribute that cannot be evaluated it has the field error, and fatal if the attribute ended its \
            job. Sets below the top are visited if they have recurseForDerivations = true. The order of the lines is \
            undefined. Standard error ends with a line that begins with "complete:" and counts the lines; a stream \
            without it was cut off.

            Without --endpoint, --config, --set or a FIRN_CLIENT variable, the command starts a farm on this machine and \
            stops it at the end. That farm sees all files, or with --root only the roots. On another farm, what is \
            evaluated is read from a root if it lies in one, and sent with the job otherwise.

            The derivations are written to the store that --store, --export or NIX_REMOTE names, each before its line is \
            printed; without one of them, and with --no-instantiate, nothing is written.

            The exit code is 1 if the package set itself cannot be evaluated, or with --fail-on-error an attribute; 2 if the \
            command line is wrong; 3 if the farm cannot be reached or ends. Errors of attributes alone do not change it \
            from 0.

            Examples:
              firn eval-jobs ./nixpkgs/default.nix --workers 4 --max-memory-size 3000
              firn eval-jobs --flake .#checks.x86_64-linux
              firn eval-jobs ./release.nix --store daemon --gc-roots-dir ./roots
              firn eval-jobs --expr 'import <nixpkgs> { }' -I nixpkgs=./nixpkgs --meta --show-input-drvs
            """)

    /// The exit code for a farm that cannot be reached, refuses the jobs or ends.
    static let farmExitCode: Int32 = 3

    @OptionGroup var input: JobInputArguments

    @OptionGroup(title: "Fields") var fields: JobFieldArguments

    @OptionGroup(title: "Running") var running: JobRunArguments

    @OptionGroup(title: "Settings of Nix") var settings: SettingArguments

    @OptionGroup(title: "Options of Nix for builds and messages") var builds: BuildArguments

    @OptionGroup(title: "Store") var store: StoreArguments

    @OptionGroup var connection: ConnectionArguments

    mutating func validate() throws {
        if fields.noInstantiate, store.store != nil || store.export != nil {
            throw ValidationError("--no-instantiate writes nothing, so --store and --export have no meaning with it")
        }
        if store.takesStandardOutput {
            throw ValidationError("--export - : standard output has the lines of the jobs; give a file")
        }
        if input.prepared != nil, !connection.isGiven {
            throw ValidationError("--prepared is for a farm that has the set: name it by --config or --endpoint")
        }
        if running.noCache, connection.isGiven {
            throw ValidationError("--no-cache is for a farm that the command starts: what another one keeps is its own")
        }
    }

    func run() async throws {
        builds.warn(hasLogFormats: true)
        let choice = fields.noInstantiate ? .computed : try chosenStore(store, followsEnvironment: true)
        fields.warn(isWritten: choice != .computed)
        if fields.gcRootsDir != nil, choice != .computed {
            do throws(StoreChoice.Mistake) { try choice.check(needsRoots: true) } catch {
                throw CommandFailure(error.message, exitCode: 2)
            }
        }
        let settings = try settings.loaded()
        let isLocal = !connection.isGiven
        let roots = try JobRoots(input.roots(isLocal: isLocal))
        guard input.isFlake else { return try await run(settings, roots, choice, flake: nil) }
        guard isLocal else {
            throw CommandFailure(
                "--flake: a flake is locked and read here, and the workers of another farm have no such files; give them "
                    + "its files by --root, and what to evaluate by --expr", exitCode: 2)
        }
        let trees = try TemporaryDirectory.make()
        defer { TemporaryDirectory.remove(trees) }
        let flake = try JobFlake(
            input.file, input.flakes, self.settings, settings, trees: trees)
        try await run(settings, roots, choice, flake: flake)
    }

    private func run(
        _ settings: NixSettings, _ roots: JobRoots, _ choice: StoreChoice, flake: JobFlake?
    ) async throws {
        var job = try template(settings, roots, flake: flake)
        if choice != .computed { job.closure = ClosureArguments.request(localRoots: roots.arguments) }
        let destination = Destination(choice: choice, roots: roots.arguments, rootDirectory: fields.gcRootsDir)
        // A missing daemon is told before the work.
        let receiver = try JobReceiver(
            checksCacheStatus: fields.checkCacheStatus, showsInputs: fields.showInputDrvs, showsStats: fields.stats)
        let options = runOptions
        guard !connection.isGiven else {
            let client = try await connect()
            if input.prepared != nil, await !client.welcome.preparedSets {
                throw CommandFailure(
                    "the farm has no prepared sets: its coordinator is older than this command",
                    exitCode: Self.farmExitCode)
            }
            try await Self.walk(job, client, options, receiver, destination)
            return await client.close()
        }
        // An image is of the caches of this user.
        let image = running.noCache ? nil : JobImage(job, memoryBytes: options.budget.ofLoneJob)
        image?.start(&job)
        try await TemporaryFarm.run(
            budget: options.budget, roots: roots.arguments,
            programCache: running.noCache ? nil : UserCache.directory,
            builds: try job.importFromDerivation ? farmBuilds(settings) : nil, image: image
        ) { [job] client in
            try await Self.walk(job, client, options, receiver, destination)
        }
    }

    /// Where is built what jobs read of derivations: in the store of the daemon of `--store`, or of this machine's.
    ///
    /// - Throws: `CommandFailure` if `--store` names something else.
    private func farmBuilds(_ settings: NixSettings) throws -> TemporaryFarm.Builds {
        let name = store.store ?? "daemon"
        _ = try WorkerSettings.daemonSocket(name)
        return TemporaryFarm.Builds(store: name, options: settings.building)
    }

    /// Where the derivations of a run are written.
    private struct Destination: Sendable {
        let choice: StoreChoice
        let roots: [RootArgument]
        /// Where links to derivations are made; nil for none.
        let rootDirectory: String?

        /// Opens the store; nil if nothing is written.
        func open(_ client: FirnClient) async throws -> JobClosures? {
            try await ClosureReceiver.open(choice, client: client, roots: roots).map {
                JobClosures($0, rootDirectory: choice.hasRoots ? rootDirectory : nil)
            }
        }
    }

    private static func walk(
        _ job: WireJobSpecification, _ client: FirnClient, _ options: EvalJobsRun.Options, _ receiver: JobReceiver,
        _ destination: Destination
    ) async throws {
        do {
            let closures = try await destination.open(client)
            try await EvalJobsRun(job, client: client, options: options, receiver: receiver, closures: closures).run()
        } catch let error as ClientError {
            throw CommandFailure("\(error)", exitCode: farmExitCode)
        }
    }

    private func connect() async throws -> FirnClient {
        do {
            return try await connection.connect()
        } catch let failure as CommandFailure where failure.exitCode == 1 {
            throw CommandFailure(failure.description, exitCode: Self.farmExitCode)
        }
    }

    private var runOptions: EvalJobsRun.Options {
        var options = EvalJobsRun.Options(workers: running.workerCount, budget: running.budget)
        options.failsOnError = running.failOnError
        options.summary = running.summary
        options.logFormat = builds.logFormat
        return options
    }

    private func template(
        _ settings: NixSettings, _ roots: JobRoots, flake: JobFlake?
    ) throws -> WireJobSpecification {
        var job = WireJobSpecification()
        try input.fill(&job, settings, roots, flake: flake)
        // A prepared set has its features.
        if input.prepared == nil { job.features = settings.features.sorted() }
        job.importFromDerivation = settings.allowsImportFromDerivation == true
        // More frames than by default are a matter of the farm's limits.
        job.limits.depth = UInt64(settings.maximumCallDepth ?? 0)
        job.limits.timeoutMs = UInt64(running.maxTime * 1_000)
        job.walk.showTrace = settings.showsTrace
        job.walk.details = true
        fields.fill(&job.walk)
        do throws(ProtocolError) { try job.with(paths: [[]]).validate() } catch {
            throw CommandFailure(error.message, exitCode: 2)
        }
        return job
    }
}

extension WireJobSpecification {
    /// The job with a walk to some paths.
    fileprivate func with(paths: [[String]]) -> WireJobSpecification {
        var job = self
        job.walk.paths = paths.map { path in .with { $0.names = path.map { Data($0.utf8) } } }
        return job
    }
}
