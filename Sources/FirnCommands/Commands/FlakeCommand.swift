import ArgumentParser
import NixEval
import NixFlakes
import NixFormats
import NixStore
import NixVM

/// The command `firn flake`.
struct FlakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flake", abstract: "Show and lock flakes.",
        discussion: """
            Examples: firn flake lock ./site --update-input nixpkgs
                      firn flake metadata --json
                      firn flake show path:/home/me/site --no-write-lock-file
            """,
        subcommands: [FlakeShowCommand.self, FlakeMetadataCommand.self, FlakeLockCommand.self])
}

/// The options of all commands about flakes.
struct FlakeCommandArguments: ParsableArguments {
    @Argument(help: "The flake: a directory, a URL, or a name in a registry.")
    var reference = "."

    @OptionGroup var evaluation: FlakeEvaluationArguments

    /// Locks the flake, and passes it to `body` on a thread that can evaluate.
    func run(_ body: (LockedFlake, NixSettings) throws(EvalFailure) -> Void) throws {
        let settings = try evaluation.settings.loaded()
        try EvaluationThread.run {
            guard let evaluator = evaluation.makeEvaluator(settings) else {
                Output.note("error: \(AddressSpace.failureText)")
                return 1
            }
            do throws(EvalFailure) {
                try body(FlakeSession(evaluation.flakes, evaluator, settings).lock(reference), settings)
                return 0
            } catch {
                Output.message(evaluator.report(error).text(showTrace: settings.showsTrace))
                return 1
            }
        }
    }
}

/// The command `firn flake lock`.
struct FlakeLockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Write the lock file of a flake, with what its inputs lack.",
        discussion: "Example: firn flake lock ./site --override-input nixpkgs ../nixpkgs")

    @OptionGroup var arguments: FlakeCommandArguments

    mutating func validate() throws { try arguments.evaluation.flakes.check(with: true) }

    func run() throws { try arguments.run { _, _ in } }
}

/// The command `firn flake metadata`.
struct FlakeMetadataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metadata", abstract: "Show where a flake comes from, and its inputs.",
        discussion: "Example: firn flake metadata --json ./site")

    @OptionGroup var arguments: FlakeCommandArguments

    @Flag(help: "Print as JSON.")
    var json = false

    mutating func validate() throws { try arguments.evaluation.flakes.check(with: true) }

    func run() throws {
        try arguments.run { flake, _ throws(EvalFailure) in
            let metadata = try flake.metadata()
            Output.text(json ? metadata.document.compactText + [UInt8(ascii: "\n")] : Array(metadata.text.utf8))
        }
    }
}

/// The command `firn flake show`.
struct FlakeShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the outputs of a flake.",
        discussion: "Example: firn flake show ./site --all-systems")

    @OptionGroup var arguments: FlakeCommandArguments

    @Flag(help: "Print as JSON.")
    var json = false

    @Flag(help: "Show the contents of legacyPackages, too.")
    var legacy = false

    @Flag(help: "Show the outputs of all systems.")
    var allSystems = false

    mutating func validate() throws { try arguments.evaluation.flakes.check(with: true) }

    func run() throws {
        try arguments.run { flake, settings throws(EvalFailure) in
            var overview = FlakeOverview(
                flake, system: settings.currentSystem, showsLegacy: legacy, showsAllSystems: allSystems,
                prints: json ? nil : { Output.text($0 + "\n") })
            let document = try overview.make()
            if json { Output.text(document.compactText + [UInt8(ascii: "\n")]) }
        }
    }
}
