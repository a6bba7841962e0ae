import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import FoundationEssentials

/// `firn eval-jobs`.
struct EvalJobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval-jobs", abstract: "Evaluate every derivation of a package set, on many workers.",
        discussion: """
            Prints one JSON object a line for each derivation, with the fields of nix-eval-jobs: attr, attrPath, name, \
            system, drvPath, outputs, and meta if asked for; or, of an attribute that cannot be evaluated, error. Sets below \
            the top are descended into where they have recurseForDerivations = true. Lines come in no order.

            FILE lies in a root, or is sent as it is and may read the roots as <NAME>. Without --endpoint, \
            --config, --set or a FIRN_CLIENT variable a farm of this machine is started for the command and stopped \
            behind it.

            The exit code is 0 also when attributes have errors; 1 when FILE itself or the farm fails.

            Example: firn eval-jobs ./nixpkgs/default.nix --root nixpkgs=./nixpkgs --workers 4
            """)

    @Argument(help: "The file that holds the package set; a directory means its default.nix.")
    var file: String

    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "A directory that the evaluation may read, by a name; several times.", valueName: "name=directory"))
    var roots: [RootArgument] = []

    @Option(
        help: "Worker processes of this machine's farm, or jobs to have under way at another; else one a processor.")
    var workers: Int?

    @Option(
        name: [.customLong("arg"), .customLong("argstr")],
        help: "NAME EXPR, or with --argstr NAME TEXT: pass a value to a function.")
    var arguments: [CallArgument] = []

    @Option(help: "What builtins.currentSystem is.")
    var system = OwnSystem.name

    @Flag(help: "Descend into every set, also without recurseForDerivations.")
    var forceRecurse = false

    @Flag(help: "Add each derivation's meta.")
    var meta = false

    @Flag(help: "Give errors with their backtraces.")
    var showTrace = false

    @Option(
        name: [.customLong("extra-experimental-features"), .customLong("experimental-features")],
        help: "Experimental features of Nix to enable.")
    var features: [String] = []

    @Option(help: "Memory of one job, as 2GiB; a job that nears it is continued by another.")
    var maxMemory = ByteSize(bytes: 4 << 30)

    @Option(help: "Seconds of one job.")
    var timeout = 3_600.0

    @Flag(help: "Compile everything anew and keep no programs, in this machine's farm.")
    var noCache = false

    @OptionGroup var connection: ConnectionArguments

    mutating func validate() throws {
        if let workers, !(1...1_024).contains(workers) {
            throw ValidationError("--workers takes a number from 1 to 1024, not \(workers)")
        }
        guard timeout > 0, timeout < 86_400 else {
            throw ValidationError("--timeout takes seconds above 0 and up to a day, not \(timeout)")
        }
        if noCache, connection.isGiven {
            throw ValidationError("--no-cache is for a farm that the command starts: what another one keeps is its own")
        }
        try CallArgument.check(arguments)
    }

    func run() async throws {
        let job = try template()
        let count = workers ?? ProcessInfo.processInfo.activeProcessorCount
        guard !connection.isGiven else {
            return try await walk(job, try await connection.connect(), workers: count)
        }
        try await TemporaryFarm.run(
            processes: count, roots: roots, jobMemoryBytes: maxMemory.bytes,
            programCache: noCache ? nil : UserCache.directory
        ) { client in
            try await walk(job, client, workers: count)
        }
    }

    private func walk(_ job: WireJobSpecification, _ client: FirnClient, workers: Int) async throws {
        try await ConnectionArguments.reporting {
            try await EvalJobsRun(job, client: client, workers: workers).run()
        }
        await client.close()
    }

    private func template() throws -> WireJobSpecification {
        var job = WireJobSpecification()
        job.program = try PackageSetFile(file, roots: roots).program()
        job.roots = roots.map { root in .with { $0.name = root.name } }
        job.arguments = JobOptionArguments.list(arguments)
        job.system = system
        job.features = JobOptionArguments.words(features)
        job.limits.memoryBytes = UInt64(maxMemory.bytes)
        job.limits.timeoutMs = UInt64(timeout * 1_000)
        job.limits.resultBytes = 256 << 20
        job.label = "eval-jobs \(file)".prefixOfUTF8(ProtocolLimits.labelBytes)
        job.walk.forceRecurse = forceRecurse
        job.walk.meta = meta
        job.walk.showTrace = showTrace
        return job
    }
}

extension String {
    /// As many whole characters from the start as fit into so many bytes.
    fileprivate func prefixOfUTF8(_ count: Int) -> String {
        var text = ""
        for character in self {
            guard text.utf8.count + character.utf8.count <= count else { break }
            text.append(character)
        }
        return text
    }
}
