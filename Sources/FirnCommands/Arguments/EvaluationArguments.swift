import ArgumentParser
import NixEval
import NixStore
import NixSyntax
import NixVM
import Platform

/// The options of all evaluating commands, with the names that `nix-instantiate` gives them.
struct EvaluationArguments: ParsableArguments {
    @Argument(help: "Files to evaluate; - is standard input, and a directory stands for its default.nix.")
    var files: [String] = []

    @Flag(name: [.customShort("E"), .customLong("expr")], help: "Take the arguments as expressions, not as files.")
    var isExpression = false

    @Option(
        name: [.customShort("A"), .customLong("attr")], help: "Select an attribute path; repeatable.")
    var attributes: [String] = []

    @Option(
        name: [.customLong("arg"), .customLong("argstr")],
        help: "NAME EXPR, or with --argstr NAME TEXT: pass an argument to a function.")
    var arguments: [CallArgument] = []

    @Option(name: [.customShort("I"), .customLong("include")], help: "Add PATH or NAME=PATH to the search path.")
    var include: [String] = []

    @Option(
        name: [.customLong("extra-experimental-features"), .customLong("experimental-features")],
        help: "Experimental features of Nix to enable: \(ExperimentalFeatures.known.joined(separator: ", ")).")
    var features: [String] = []

    @Option(
        name: .customLong("option"),
        help: "NAME VALUE: set an option of Nix, such as max-call-depth, pure-eval or lint-url-literals.")
    var options: [String] = []

    @OptionGroup var lints: LintArguments

    @Flag(inversion: .prefixedNo, help: "Show the backtrace of an error.")
    var showTrace = false

    @Flag(name: .customLong("pure"), help: "Evaluate without environment, clock and search path.")
    var pure = false

    @Flag(help: "Evaluate with environment, clock and search path (the default).")
    var impure = false

    @Flag(help: "Write to no store, whatever the environment names.")
    var readonlyMode = false

    @Flag(help: "Write to the store that NIX_REMOTE names, or to the directory NIX_STORE_DIR, if there is one.")
    var readWriteMode = false

    @Flag(help: "Print the messages of builtins.traceVerbose.")
    var traceVerbose = false

    @Flag(name: .customLong("no-cache"), help: "Neither read nor write the cache of compiled programs.")
    var noCache = false

    @Option(help: "The limit on fuel: a unit for each call, each force and each unit of a builtin's work.")
    var maxFuel: Int?

    @Option(help: "The limit on memory (heap, stack and programs), such as 512M, 2GiB or a number of bytes.")
    var maxMemory: ByteSize?

    @Option(
        name: [.customLong("max-depth"), .customLong("max-call-depth")], help: "The limit on the call depth, in frames."
    )
    var maxDepth: Int = 10_000_000

    @Option(help: "The limit on time, in seconds.")
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

    /// Applies an option of `--option` as the flag of the same name does.
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

    /// The evaluator that the arguments describe; nil if the system has no address space for its heap.
    func makeEvaluator(stress: Bool = false, countsWork: Bool = false, checks: MachineChecks? = nil) -> Evaluator? {
        let deadline = timeout.map { MonotonicClock.now() &+ UInt64($0 * 1e9) }
        let io = LocalIO(isPure: isPure)
        let features = ExperimentalFeatures.enabled(features)
        // The lints inspect literals while parsing, so programs from the cache cannot be used.
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

    /// The entries of `-I`, followed by those of NIX_PATH.
    private func searchPath(_ io: LocalIO) -> [(prefix: [UInt8], path: [UInt8])] {
        var entries = include.map { Array($0.utf8) }
        if let variable = io.environmentVariable(Array("NIX_PATH".utf8)) { entries += SearchPath.entries(variable) }
        return entries.map { entry in
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { return ([], entry) }
            return (Array(entry[..<equals]), Array(entry[(equals + 1)...]))
        }
    }

    private func absolute(_ path: [UInt8]) -> [UInt8] { CanonPath.absolute(path, relativeTo: currentDirectory()) }

    /// The arguments that `--arg` and `--argstr` pass to functions.
    func callArguments(_ evaluator: Evaluator) throws(EvalFailure) -> [(name: [UInt8], value: ValueHandle)] {
        var values: [(name: [UInt8], value: ValueHandle)] = []
        for argument in arguments {
            let value: ValueHandle
            switch argument.value {
            case .expression(let source):
                value = try evaluator.load(
                    source: Array(source.utf8), name: "«string»", directory: currentDirectory())
            case .text(let text): value = evaluator.string(text)
            case nil: continue
            }
            values.append((Array(argument.name.utf8), value))
        }
        return values
    }

    /// Passes each value to `body`: every file or expression, called and selected from as the options say. A value is
    /// finished before the next file is read, so that earlier values are printed even if a later one fails.
    ///
    /// - Parameter callsAnyway: whether a function whose arguments all have defaults is called even without `--arg`.
    ///   `nix-instantiate` does so for derivations but not with `--eval`.
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
