import ArgumentParser
import NixEval
import NixStore
import NixSyntax
import NixVM
import Platform

/// The options of all evaluating commands, with the names that `nix-instantiate` gives them.
struct EvaluationArguments: ParsableArguments {
    @Argument(
        help: """
            Files to evaluate; - is standard input, a directory stands for its default.nix, and <NAME> is looked up in the \
            search path. REFERENCE#ATTRIBUTE, such as .#hello, is an output of a flake.
            """)
    var files: [String] = []

    @OptionGroup var flakes: FlakeArguments

    @Flag(name: [.customShort("E"), .customLong("expr")], help: "Take the arguments as expressions, not as files.")
    var isExpression = false

    @Option(
        name: [.customShort("A"), .customLong("attr")], help: "Select an attribute path; repeatable.")
    var attributes: [String] = []

    @Option(
        name: [
            .customLong("arg"), .customLong("argstr"), .customLong("arg-from-file"), .customLong("arg-from-stdin"),
        ],
        help: """
            NAME EXPR, with --argstr NAME TEXT, with --arg-from-file NAME FILE, or with --arg-from-stdin NAME: pass an \
            argument to a function.
            """)
    var arguments: [CallArgument] = []

    @Option(name: [.customShort("I"), .customLong("include")], help: "Add PATH or NAME=PATH to the search path.")
    var include: [String] = []

    @OptionGroup var settings: SettingArguments

    @Flag(name: .customLong("pure"), help: "Evaluate without environment, clock and search path.")
    var pure = false

    @Flag(help: "Evaluate with environment, clock and search path (the default).")
    var impure = false

    @Flag(
        name: [.customLong("readonly-mode"), .customLong("dry-run")],
        help: "Write to no store, whatever the environment names.")
    var readonlyMode = false

    @Flag(help: "Write to the store that NIX_REMOTE names, or to the directory NIX_STORE_DIR, if there is one.")
    var readWriteMode = false

    @OptionGroup(visibility: .hidden) var builds: BuildArguments

    @Flag(name: .customLong("no-cache"), help: "Neither read nor write the cache of compiled programs.")
    var noCache = false

    @Option(help: "The limit on fuel: a unit for each call, each force and each unit of a builtin's work.")
    var maxFuel: Int?

    @Option(help: "The limit on memory (heap, stack and programs), such as 512M, 2GiB or a number of bytes.")
    var maxMemory: ByteSize?

    @Option(help: "The limit on the call depth, in frames (default: 10000000, or the setting max-call-depth).")
    var maxDepth: Int?

    @Option(help: ArgumentHelp("The limit on time.", valueName: "seconds"))
    var maxTime: Double?

    private static let defaultDepth = 10_000_000

    mutating func validate() throws {
        if let maxFuel, maxFuel < 0 { throw ValidationError("--max-fuel takes a number from 0, not \(maxFuel)") }
        if let maxDepth, maxDepth < 1 { throw ValidationError("--max-depth takes a number from 1, not \(maxDepth)") }
        if let maxTime, !(maxTime > 0 && maxTime < 1e9) {
            throw ValidationError("--max-time takes seconds above 0 and below 1000000000, not \(maxTime)")
        }
        try CallArgument.check(arguments, files: isExpression ? [] : files)
        try checkFlakes()
        if pure && impure { throw ValidationError("--pure and --impure exclude each other") }
        if !isExpression { try Source.checkStandardInput(files) }
    }

    /// The settings, with warnings of what has no effect on standard error.
    func loadedSettings() throws -> NixSettings {
        builds.warn()
        return try settings.loaded()
    }

    /// The evaluator that the arguments and the settings describe; nil if the system has no address space for its heap.
    ///
    /// - Parameter printsDelayed: whether values are printed without being forced, as Nix prints them.
    func makeEvaluator(
        _ settings: NixSettings, printsDelayed: Bool = false, stress: Bool = false, countsWork: Bool = false,
        checks: MachineChecks? = nil
    ) -> Evaluator? {
        let isPure = isPure(settings)
        let searchPath = searchPath(settings, isPure: isPure)
        let isOfFlake = isPure && usesFlakes
        let io =
            isOfFlake
            ? LocalIO.storeOnly()
            : LocalIO(
                isPure: isPure, allowedPaths: settings.isRestricted ? readablePaths(searchPath) : nil,
                isRestricted: settings.isRestricted)
        // The lints inspect literals while parsing, so programs from the cache cannot be used.
        let diskCache: (@Sendable () -> DiskCache?)? = noCache || !settings.lints.areIgnored ? nil : UserCache.programs
        var machine = MachineSettings(
            stress: stress, currentSystem: isPure ? nil : Array(settings.currentSystem.utf8), searchPath: searchPath,
            pure: isPure, workingDirectory: currentDirectory(),
            traceVerbose: settings.tracesVerbosely, countsWork: countsWork, checks: checks, features: settings.features)
        machine.abortsOnWarning = settings.abortsOnWarning
        machine.fetching.network = flakes.networkSettings(settings)
        machine.fetching.allowedURIs = settings.isRestricted ? settings.allowedURIs : nil
        machine.fetching.allowsDirtyTrees = settings.allowsDirtyTrees
        machine.fetching.warnsOfDirtyTrees = settings.warnsOfDirtyTrees
        var options = EvaluatorOptions(
            limits: limits(settings), settings: machine,
            pipeOperators: settings.features.contains("pipe-operators"), lints: settings.lints, diskCache: diskCache)
        options.delaysLikeNix = printsDelayed
        let evaluator = Evaluator(
            io: io, fetchIO: isOfFlake ? LocalIO(isPure: true) : nil, options: options,
            print: { Output.message($0 + [UInt8(ascii: "\n")]) })
        if let evaluator { ProcessMemory.keep(evaluator) }
        return evaluator
    }

    /// Whether environment, clock and search path are hidden, which they are by default if flakes are evaluated.
    private func isPure(_ settings: NixSettings) -> Bool { pure || (settings.isPure || usesFlakes) && !impure }

    /// Whether all arguments are outputs of flakes.
    var usesFlakes: Bool { !isExpression && (flakes.areFlakes || files.contains { isInstallable($0) }) }

    /// Whether a word is an output of a flake: it has a `#`, and no file has that name.
    private func isInstallable(_ word: String) -> Bool {
        word.contains("#") && (try? LocalIO().pathExists(absolute(Array(word.utf8)))) != true
    }

    private func checkFlakes() throws {
        if isExpression, flakes.areFlakes { throw ValidationError("--flake and --expr exclude each other") }
        try flakes.check(with: usesFlakes)
        guard usesFlakes else { return }
        if let file = files.first(where: { !flakes.areFlakes && !isInstallable($0) }) {
            throw ValidationError("'\(file)' is a file, and flakes are evaluated: use one or the other")
        }
        if !arguments.isEmpty {
            throw ValidationError("--arg and its like are for functions in files; flakes take no arguments")
        }
        if !attributes.isEmpty {
            throw ValidationError("-A is for files; of a flake, the attribute follows '#', as in .#hello")
        }
    }

    private func limits(_ settings: NixSettings) -> Limits {
        Limits(
            fuel: maxFuel, memory: maxMemory?.bytes, depth: maxDepth ?? settings.maximumCallDepth ?? Self.defaultDepth,
            deadline: maxTime.map { MonotonicClock.now() &+ UInt64($0 * 1e9) })
    }

    /// The entries of `-I`, followed by those of the settings and the channels. A pure evaluation has only the first.
    private func searchPath(_ settings: NixSettings, isPure: Bool) -> [(prefix: [UInt8], path: [UInt8])] {
        var entries = include.map { Array($0.utf8) }
        if !isPure { entries += settings.searchPath }
        if !isPure, !settings.isRestricted {
            entries += NixEnvironment().channels(usesXDGDirectories: settings.usesXDGDirectories)
        }
        return entries.map { entry in
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { return ([], entry) }
            return (Array(entry[..<equals]), Array(entry[(equals + 1)...]))
        }
    }

    /// What a restricted evaluation may read: the entries of the search path, or the store objects that they lie in.
    private func readablePaths(_ searchPath: [(prefix: [UInt8], path: [UInt8])]) -> [[UInt8]] {
        let store = Array("/nix/store".utf8)
        return searchPath.map { entry in
            let path = absolute(entry.path)
            let names = CanonPath.components(path)
            guard CanonPath.isInside(path, store), names.count > 2 else { return path }
            return CanonPath.absolute(names[2], relativeTo: store)
        }
    }

    private func absolute(_ path: [UInt8]) -> [UInt8] { CanonPath.absolute(path, relativeTo: currentDirectory()) }

    /// The arguments that the command line passes to functions.
    func callArguments(_ evaluator: Evaluator) throws(EvalFailure) -> [(name: [UInt8], value: ValueHandle)] {
        var values: [(name: [UInt8], value: ValueHandle)] = []
        for argument in arguments {
            let value: ValueHandle
            if case .expression(let source) = argument.value {
                value = try evaluator.load(
                    source: Array(source.utf8), name: "«string»", directory: currentDirectory())
            } else {
                value = evaluator.machine.makeString(try text(of: argument))
            }
            values.append((Array(argument.name.utf8), value))
        }
        return values
    }

    private func text(of argument: CallArgument) throws(EvalFailure) -> [UInt8] {
        do throws(EvalIOError) { return try argument.text() ?? [] } catch {
            throw EvalFailure(kind: .io, message: error.message)
        }
    }

    /// Prints the paths of the arguments in the search path, one a line.
    func findFiles(_ evaluator: Evaluator) throws(EvalFailure) {
        for name in files { Output.text(try FileArgument.find(name, evaluator) + [UInt8(ascii: "\n")]) }
    }

    /// Passes each value to `body`: every file or expression, called and selected from as the options say. A value is
    /// finished before the next file is read, so that earlier values are printed even if a later one fails.
    ///
    /// - Parameter callsAnyway: whether a function whose arguments all have defaults is called even without `--arg`.
    ///   `nix-instantiate` does so for derivations but not with `--eval`.
    func forEachValue(
        _ evaluator: Evaluator, _ settings: NixSettings, callsAnyway: Bool = false,
        _ body: (ValueHandle) throws(EvalFailure) -> Void
    ) throws(EvalFailure) {
        if usesFlakes { return try forEachOutput(evaluator, settings, body) }
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

    /// Passes what each flake reference selects to `body`.
    private func forEachOutput(
        _ evaluator: Evaluator, _ settings: NixSettings, _ body: (ValueHandle) throws(EvalFailure) -> Void
    ) throws(EvalFailure) {
        let session = try FlakeSession(flakes, evaluator, settings)
        for word in files.isEmpty ? ["."] : files { try body(session.value(of: word)) }
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
        let path = try FileArgument(file).path(evaluator)
        if file.hasSuffix(".firn") { return try load(program: path, evaluator) }
        return try evaluator.load(file: path)
    }

    private func load(program path: [UInt8], _ evaluator: Evaluator) throws(EvalFailure) -> ValueHandle {
        let program = try ProgramFile.read(path)
        return try evaluator.load(
            program: program, name: String(decoding: path, as: UTF8.self), directory: CanonPath.parent(of: path))
    }
}
