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
            Prints one JSON object per line for each derivation, with the fields of nix-eval-jobs: attr, attrPath, name, \
            system, drvPath, outputs, and meta if requested. For an attribute that cannot be evaluated it has the field \
            error. Sets below the top are visited if they have recurseForDerivations = true. The order of the lines is \
            undefined.

            FILE is read from a root if it lies in one; otherwise it is sent with the job, and may read the roots as \
            <NAME>. Without --endpoint, --config, --set or a FIRN_CLIENT variable, the command starts a farm on this machine \
            and stops it at the end.

            The exit code is 1 if FILE itself or the farm fails. Errors of single attributes do not change it from 0.

            Example: firn eval-jobs ./nixpkgs/default.nix --root nixpkgs=./nixpkgs --workers 4
            """)

    @Argument(help: "The file that holds the package set; a directory means its default.nix.")
    var file: String

    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "A directory that the evaluation may read, and its name; repeatable.", valueName: "name=directory"))
    var roots: [RootArgument] = []

    @Option(
        help:
            "Worker processes of the local farm, or concurrent jobs on a remote one (default: the number of processors)."
    )
    var workers: Int?

    @Option(
        name: [
            .customLong("arg"), .customLong("argstr"), .customLong("arg-from-file"), .customLong("arg-from-stdin"),
        ],
        help: """
            NAME EXPR, with --argstr NAME TEXT, with --arg-from-file NAME FILE, or with --arg-from-stdin NAME: pass an \
            argument to a function.
            """)
    var arguments: [CallArgument] = []

    @Flag(help: "Visit every set, even without recurseForDerivations.")
    var forceRecurse = false

    @Flag(help: "Add the meta attribute of each derivation.")
    var meta = false

    @OptionGroup var settings: SettingArguments

    @OptionGroup(title: "Options of Nix for builds and messages") var builds: BuildArguments

    @Option(help: "Memory of one job, such as 2GiB; a job that approaches it is continued by another one.")
    var maxMemory = ByteSize(bytes: 4 << 30)

    @Option(help: ArgumentHelp("The longest time of one job.", valueName: "seconds"))
    var maxTime = 3_600.0

    @Flag(help: "Neither read nor write the cache of compiled programs (local farm only).")
    var noCache = false

    @OptionGroup var connection: ConnectionArguments

    mutating func validate() throws {
        if let workers, !(1...1_024).contains(workers) {
            throw ValidationError("--workers takes a number from 1 to 1024, not \(workers)")
        }
        guard maxTime > 0, maxTime < 86_400 else {
            throw ValidationError("--max-time takes seconds above 0 and up to a day, not \(maxTime)")
        }
        if noCache, connection.isGiven {
            throw ValidationError("--no-cache is for a farm that the command starts: what another one keeps is its own")
        }
        try CallArgument.check(arguments)
    }

    func run() async throws {
        builds.warn()
        let job = try template(try settings.loaded())
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

    private func template(_ settings: NixSettings) throws -> WireJobSpecification {
        var job = WireJobSpecification()
        job.program = try PackageSetFile(file, roots: roots).program()
        job.roots = roots.map { root in .with { $0.name = root.name } }
        job.arguments = try JobOptionArguments.list(arguments)
        job.system = settings.currentSystem
        job.features = settings.features.sorted()
        job.limits.memoryBytes = UInt64(maxMemory.bytes)
        job.limits.timeoutMs = UInt64(maxTime * 1_000)
        job.limits.resultBytes = 256 << 20
        job.label = "eval-jobs \(file)".prefixOfUTF8(ProtocolLimits.labelBytes)
        job.walk.forceRecurse = forceRecurse
        job.walk.meta = meta
        job.walk.showTrace = settings.showsTrace
        return job
    }
}

extension String {
    /// The longest prefix of whole characters within that many bytes of UTF-8.
    fileprivate func prefixOfUTF8(_ count: Int) -> String {
        var text = ""
        for character in self {
            guard text.utf8.count + character.utf8.count <= count else { break }
            text.append(character)
        }
        return text
    }
}
