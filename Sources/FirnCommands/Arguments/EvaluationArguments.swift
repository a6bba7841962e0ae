import ArgumentParser
import NixEval
import NixStore
import NixSyntax
import NixVM

/// What every evaluating command takes, spelled as `nix-instantiate` spells it.
struct EvaluationArguments: ParsableArguments {
    @Argument(help: "Files to evaluate; - is standard input; a directory means its default.nix.")
    var files: [String] = []

    @Flag(name: [.customShort("E"), .customLong("expr")], help: "The arguments are expressions, not files.")
    var isExpression = false

    @Option(
        name: [.customShort("A"), .customLong("attr")], help: "Select an attribute path; may be given several times.")
    var attributes: [String] = []

    @Option(
        name: [.customLong("arg"), .customLong("argstr")],
        help: "NAME EXPR, or with --argstr NAME TEXT: pass a value to a function.")
    var arguments: [CallArgument] = []

    @Option(name: [.customShort("I"), .customLong("include")], help: "Add PATH or NAME=PATH to the search path.")
    var include: [String] = []

    @Option(
        name: [.customLong("extra-experimental-features"), .customLong("experimental-features")],
        help: "Experimental features of Nix to enable: \(ExperimentalFeatures.known.joined(separator: ", ")).")
    var features: [String] = []

    @Option(
        name: .customLong("option"),
        help: "NAME VALUE: set one of Nix's options, as max-call-depth, pure-eval or lint-url-literals.")
    var options: [String] = []

    @OptionGroup var lints: LintArguments

    @Flag(inversion: .prefixedNo, help: "Show the backtrace of an error.")
    var showTrace = false

    @Flag(name: .customLong("pure"), help: "No environment, clock or search path.")
    var pure = false

    @Flag(help: "The default: with environment, clock and search path.")
    var impure = false

    @Flag(help: "As nix-instantiate: nothing is written to a store here, so that both this and --read-write-mode hold.")
    var readonlyMode = false

    @Flag(help: "As nix-instantiate; see --readonly-mode.")
    var readWriteMode = false

    @Flag(help: "Let builtins.traceVerbose print.")
    var traceVerbose = false

    @Flag(name: .customLong("no-cache"), help: "Neither use nor fill the cache of compiled programs.")
    var noCache = false

    @Option(help: "Units of fuel: one per call and force, and per unit of a builtin's work.")
    var maxFuel: Int?

    @Option(help: "Memory of heap, stack and programs, as 512M, 2GiB or bytes.")
    var maxMemory: ByteSize?

    @Option(
        name: [.customLong("max-depth"), .customLong("max-call-depth")], help: "Frames that wait for one another.")
    var maxDepth: Int = 10_000_000

    @Option(help: "Seconds after which evaluation ends with an error.")
    var timeout: Double?

    mutating func validate() throws {
        if let maxFuel, maxFuel < 0 { throw ValidationError("--max-fuel takes a number from 0, not \(maxFuel)") }
        if maxDepth < 1 { throw ValidationError("--max-depth takes a number from 1, not \(maxDepth)") }
        if let timeout, !(timeout > 0 && timeout < 1e9) {
            throw ValidationError("--timeout takes seconds above 0 and below 1000000000, not \(timeout)")
        }
        try CallArgument.check(arguments)
        for pair in options where !pair.contains("\0") {
            throw ValidationError("'\(pair)' lacks its second word: --option takes two")
        }
        if pure && impure { throw ValidationError("--pure and --impure exclude each other") }
        if !isExpression { try Source.checkStandardInput(files) }
        try ExperimentalFeatures.check(features)
        for (name, value) in pairs(options) { try apply(option: name, value) }
    }

    /// Does what the flag of the same name does.
    private mutating func apply(option name: String, _ value: String) throws {
        switch name {
        case "max-call-depth":
            guard let depth = Int(value), depth > 0 else {
                throw ValidationError("option 'max-call-depth' takes a number from 1, not '\(value)'")
            }
            maxDepth = depth
        case "pure-eval": pure = try boolean(name, value)
        case "show-trace": showTrace = try boolean(name, value)
        case "trace-verbose": traceVerbose = try boolean(name, value)
        case "warn-short-path-literals": if try boolean(name, value) { lints.lintShortPathLiterals = .warn }
        case "lint-url-literals": lints.lintUrlLiterals = try level(name, value)
        case "lint-short-path-literals": lints.lintShortPathLiterals = try level(name, value)
        case "lint-absolute-path-literals": lints.lintAbsolutePathLiterals = try level(name, value)
        case "experimental-features", "extra-experimental-features":
            try ExperimentalFeatures.check([value])
            features.append(value)
        default:
            throw ValidationError(
                "unknown option '\(name)'; known: extra-experimental-features, lint-absolute-path-literals, "
                    + "lint-short-path-literals, lint-url-literals, max-call-depth, pure-eval, show-trace, trace-verbose, "
                    + "warn-short-path-literals")
        }
    }

    private func boolean(_ name: String, _ value: String) throws -> Bool {
        switch value {
        case "true", "yes", "1": return true
        case "false", "no", "0": return false
        default: throw ValidationError("option '\(name)' takes true or false, not '\(value)'")
        }
    }

    private func level(_ name: String, _ value: String) throws -> LiteralLints.Level {
        guard let level = LiteralLints.Level(rawValue: value) else {
            throw ValidationError("option '\(name)' takes ignore, warn or fatal, not '\(value)'")
        }
        return level
    }

    private func pairs(_ joined: [String]) -> [(String, String)] {
        joined.map { pair in
            let cut = pair.firstIndex(of: "\0") ?? pair.endIndex
            return (String(pair[..<cut]), String(pair[cut...].dropFirst()))
        }
    }

    var isPure: Bool { pure }

    /// The evaluator these arguments ask for.
    func makeEvaluator(stress: Bool = false, countsWork: Bool = false, checks: MachineChecks? = nil) -> Evaluator? {
        let deadline = timeout.map { Clock.now() &+ UInt64($0 * 1e9) }
        let io = LocalIO(isPure: isPure)
        let features = ExperimentalFeatures.enabled(features)
        // A cached program was not parsed, so its literals are not seen.
        let diskCache: (@Sendable () -> DiskCache?)? = noCache || !lints.levels.areIgnored ? nil : UserCache.programs
        let settings = MachineSettings(
            stress: stress, currentSystem: isPure ? nil : Array(OwnSystem.name.utf8), searchPath: searchPath(io),
            pure: isPure, workingDirectory: currentDirectory(),
            traceVerbose: traceVerbose, countsWork: countsWork, checks: checks, features: features)
        let evaluator = Evaluator(
            io: io,
            options: EvaluatorOptions(
                limits: Limits(fuel: maxFuel, memory: maxMemory?.bytes, depth: maxDepth, deadline: deadline),
                settings: settings, pipeOperators: features.contains("pipe-operators"), lints: lints.levels,
                diskCache: diskCache),
            print: { Output.message($0 + [UInt8(ascii: "\n")]) })
        if let evaluator { ProcessMemory.keep(evaluator) }
        return evaluator
    }

    /// `-I` entries first, then those of NIX_PATH.
    private func searchPath(_ io: LocalIO) -> [(prefix: [UInt8], path: [UInt8])] {
        var entries = include.map { Array($0.utf8) }
        if let variable = io.environmentVariable(Array("NIX_PATH".utf8)) { entries += SearchPath.entries(variable) }
        return entries.map { entry in
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { return ([], entry) }
            return (Array(entry[..<equals]), Array(entry[(equals + 1)...]))
        }
    }

    private func absolute(_ path: [UInt8]) -> [UInt8] { CanonPath.absolute(path, relativeTo: currentDirectory()) }

    /// What `--arg` and `--argstr` give to functions.
    func callArguments(_ evaluator: Evaluator) throws(EvalFailure) -> [(name: [UInt8], value: ValueHandle)] {
        var values: [(name: [UInt8], value: ValueHandle)] = []
        for argument in arguments {
            let value: ValueHandle
            switch argument.value {
            case .expression(let source):
                value = try evaluator.load(
                    source: Array(source.utf8), name: "«string»", directory: currentDirectory())
            case .text(let text): value = evaluator.machine.makeString(Array(text.utf8))
            case nil: continue
            }
            values.append((Array(argument.name.utf8), value))
        }
        return values
    }

    /// Hands out the values to evaluate: files (or expressions), called and selected from as asked. Each is done with
    /// before the next is read, so that what went well is there when another fails.
    ///
    /// - Parameter callsAnyway: call a function whose arguments all have defaults also when none is given, as
    ///   `nix-instantiate` does for derivations; with `--eval` it leaves such a function alone.
    func forEachValue(
        _ evaluator: Evaluator, callsAnyway: Bool = false, _ body: (ValueHandle) throws(EvalFailure) -> Void
    ) throws(EvalFailure) {
        let arguments = try callArguments(evaluator)
        for file in files.isEmpty && !isExpression ? ["./default.nix"] : files {
            let loaded = try load(file, evaluator)
            for path in attributes.isEmpty ? [""] : attributes {
                let selected = try evaluator.select(loaded, path: path, arguments)
                let isCalled = callsAnyway || !arguments.isEmpty
                try body(isCalled ? try evaluator.autoCall(selected, arguments) : selected)
            }
        }
    }

    private func load(_ file: String, _ evaluator: Evaluator) throws(EvalFailure) -> ValueHandle {
        if isExpression {
            return try evaluator.load(source: Array(file.utf8), name: "«string»", directory: currentDirectory())
        }
        if file == "-" {
            guard let source = readStandardInput() else {
                throw EvalFailure(kind: .io, message: Array("standard input cannot be read".utf8))
            }
            return try evaluator.load(source: source, name: "«stdin»", directory: currentDirectory())
        }
        let path = absolute(Array(file.utf8))
        if file.hasSuffix(".firn") { return try load(program: path, evaluator) }
        return try evaluator.load(file: path)
    }

    private func load(program path: [UInt8], _ evaluator: Evaluator) throws(EvalFailure) -> ValueHandle {
        let program = try ProgramFile.read(path)
        return try evaluator.load(
            program: program, name: String(decoding: path, as: UTF8.self), directory: CanonPath.parent(of: path))
    }
}
