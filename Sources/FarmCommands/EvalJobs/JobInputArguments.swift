import ArgumentParser
import FirnCommands
import FirnProtocol
import FoundationEssentials

/// The options of `firn eval-jobs` that say what is evaluated.
struct JobInputArguments: ParsableArguments {
    @Argument(
        help: """
            The file that holds the package set, or what other options take it for. A directory means its default.nix, \
            and <NAME> is looked up in the search path. It is left out with --prepared.
            """)
    var fileArgument: String?

    @Flag(name: [.customShort("E"), .customLong("expr")], help: "Take the argument as an expression.")
    var isExpression = false

    @Option(
        help: ArgumentHelp(
            """
            Visit a package set that the workers of the farm have evaluated beforehand, or with --expr what a function of it \
            returns; @ID asks for one with that identity.
            """, valueName: "name[@id]"))
    var prepared: String?

    @Option(
        help: ArgumentHelp(
            "Pass the value to a function, and visit the set that it returns.", valueName: "expr"))
    var select: String?

    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "A directory that the evaluation may read, and its name; repeatable.", valueName: "name=directory"))
    var rootArguments: [RootArgument] = []

    @Option(name: [.customShort("I"), .customLong("include")], help: "Add PATH or NAME=PATH to the search path.")
    var include: [String] = []

    @Option(
        name: [
            .customLong("arg"), .customLong("argstr"), .customLong("arg-from-file"), .customLong("arg-from-stdin"),
        ],
        help: """
            NAME EXPR, with --argstr NAME TEXT, with --arg-from-file NAME FILE, or with --arg-from-stdin NAME: pass an \
            argument to functions.
            """)
    var arguments: [CallArgument] = []

    @Flag(
        name: .customLong("auto-args"),
        help: .init("Accepted: functions are called with the arguments and their defaults anyway.", visibility: .hidden)
    )
    var callsFunctions = false

    @OptionGroup(title: "Flakes") var flakes: FlakeArguments

    @Flag(help: "With --flake: have builtins.currentSystem. Jobs have no environment and no clock.")
    var impure = false

    @Option(help: .hidden)
    var evalStore: String?

    @Option(help: .hidden)
    var overrideFlake: String?

    mutating func validate() throws {
        if let prepared {
            guard let use = JobSourceArguments.named(prepared),
                [0, ProtocolLimits.preparedIdentityBytes].contains(use.id.count)
            else {
                throw ValidationError("--prepared takes NAME or NAME@ID with 64 hexadecimal digits, not '\(prepared)'")
            }
            guard !isFlake, include.isEmpty, fileArgument == nil || isExpression else {
                throw ValidationError("--prepared goes with neither a file, --flake nor -I")
            }
        } else if fileArgument == nil {
            throw ValidationError("give the file of a package set, or --prepared NAME")
        }
        if isExpression, isFlake { throw ValidationError("--expr and --flake exclude each other") }
        try flakes.check(with: isFlake)
        try CallArgument.check(arguments)
        if evalStore != nil {
            throw ValidationError("--eval-store: an evaluation uses no store, and store paths are computed")
        }
        if overrideFlake != nil {
            throw ValidationError("--override-flake: registries are not used; write the flake's own reference")
        }
    }

    /// Whether the argument is a flake reference. Jobs visit the output behind its `#`, by default `hydraJobs`, or with
    /// `--select` the whole flake.
    var isFlake: Bool { flakes.areFlakes }

    /// What is evaluated, as it was written.
    var file: String { fileArgument ?? "" }

    /// The roots that jobs may read. On this machine these are all files if none is named, as in nix-eval-jobs.
    func roots(isLocal: Bool) throws -> [RootArgument] {
        rootArguments.isEmpty && isLocal ? [.whole] : rootArguments
    }

    /// Sets what the jobs evaluate and with what.
    ///
    /// - Parameter flake: the flake, if the argument is one.
    func fill(
        _ job: inout WireJobSpecification, _ settings: NixSettings, _ roots: JobRoots, flake: JobFlake?
    ) throws {
        job.roots = roots.arguments.map { root in .with { $0.name = root.name } }
        job.arguments = try JobOptionArguments.list(arguments)
        job.system = isFlake && !impure ? "" : settings.currentSystem
        job.label = "eval-jobs \(fileArgument ?? prepared ?? "")".prefixOfUTF8(ProtocolLimits.labelBytes)
        job.walk.select = Data((select ?? "").utf8)
        if let prepared, let use = JobSourceArguments.named(prepared) {
            job.prepared.name = use.name
            job.prepared.identity = Data(use.id)
            job.system = ""
            if isExpression { job.program = try program(roots, nil) }
            return
        }
        try setSearchPath(&job, settings, roots)
        if let directory = try roots.location(of: ".") { job.directory = directory }
        job.program = try program(roots, flake)
    }

    private func program(_ roots: JobRoots, _ flake: JobFlake?) throws -> WireJobSpecification.OneOf_Program {
        if let flake {
            return JobSourceArguments.source(flake.source(selects: select != nil), name: "«string»")
        }
        if isExpression { return JobSourceArguments.source(Array(file.utf8), name: "«string»") }
        if file.count > 2, file.hasPrefix("<"), file.hasSuffix(">") {
            return JobSourceArguments.source(Array("import \(file)".utf8), name: "«string»")
        }
        return try PackageSetFile(file, roots: roots).program()
    }

    private func setSearchPath(
        _ job: inout WireJobSpecification, _ settings: NixSettings, _ roots: JobRoots
    ) throws {
        let given = include.map { Array($0.utf8) }
        let inherited = isFlake && !impure ? [] : settings.inheritedSearchPath
        for (index, entry) in (given + inherited).enumerated() {
            let equals = entry.firstIndex(of: UInt8(ascii: "="))
            let path = Array(equals.map { entry[($0 + 1)...] } ?? entry[...])
            guard let location = try roots.path(of: path) else {
                // What the environment names may be missing, as it may for Nix.
                guard index < given.count else { continue }
                throw CommandFailure(
                    "-I \(include[index]): a job reads it only if it is a directory or file below a --root", exitCode: 2
                )
            }
            job.searchPath.append(
                .with {
                    $0.prefix = Data(equals.map { entry[..<$0] } ?? [])
                    $0.path = Data(location)
                })
        }
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
