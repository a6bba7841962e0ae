import ArgumentParser
import NixEval
import NixStore
import NixSyntax
import NixVM
import Platform

/// The options of all commands that evaluate, with the names that Nix gives them: what functions are called with, where
/// names are looked up, settings and limits.
struct EvaluatorArguments: ParsableArguments {
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

    @Flag(
        name: .customLong("no-cache"),
        help: "Neither read nor write the caches of compiled programs and evaluated heaps.")
    var noCache = false

    @Flag(name: .customLong("no-image"), help: "Neither continue from an evaluated heap of the cache nor keep one.")
    var noImage = false

    @Flag(
        name: .customLong("check-content"),
        help: "Use the caches only if files have the same contents, and not just the same size, times and inode.")
    var checkContent = false

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
        if pure && impure { throw ValidationError("--pure and --impure exclude each other") }
    }

    /// The settings, with warnings of what has no effect on standard error.
    func loadedSettings() throws -> NixSettings {
        builds.warn()
        return try settings.loaded()
    }

    /// The evaluator that the arguments and the settings describe; nil if the system has no address space for its heap.
    ///
    /// - Parameters:
    ///   - printsDelayed: whether values are printed without being forced, as Nix prints them.
    ///   - evaluatesFlakes: whether flakes are evaluated, which is pure by default.
    ///   - network: what the fetchers may download; nil for nothing.
    ///   - images: the use of an automatic image; nil for none.
    ///   - isKept: whether the memory is left to the end of the process, which ends sooner then.
    func makeEvaluator(
        _ settings: NixSettings, printsDelayed: Bool = false, stress: Bool = false, countsWork: Bool = false,
        checks: MachineChecks? = nil, evaluatesFlakes: Bool = false, network: NetworkSettings? = nil,
        images: ImageSession? = nil, isKept: Bool = true
    ) -> Evaluator? {
        let isPure = pure || (settings.isPure || evaluatesFlakes) && !impure
        let searchPath = searchPath(settings, isPure: isPure)
        let isOfFlake = isPure && evaluatesFlakes
        let io: any EvalIO = images?.io ?? (isOfFlake ? .storeOnly() : io(settings, isPure: isPure, searchPath))
        // The lints inspect literals while parsing, so programs from the cache cannot be used.
        let diskCache: (@Sendable () -> DiskCache?)? = noCache || !settings.lints.areIgnored ? nil : UserCache.programs
        var machine = MachineSettings(
            stress: stress, currentSystem: isPure ? nil : Array(settings.currentSystem.utf8), searchPath: searchPath,
            pure: isPure, workingDirectory: currentDirectory(),
            traceVerbose: settings.tracesVerbosely, countsWork: countsWork, checks: checks, features: settings.features)
        machine.abortsOnWarning = settings.abortsOnWarning
        machine.fetching.network = network
        machine.fetching.allowedURIs = settings.isRestricted ? settings.allowedURIs : nil
        machine.fetching.allowsDirtyTrees = settings.allowsDirtyTrees
        machine.fetching.warnsOfDirtyTrees = settings.warnsOfDirtyTrees
        var options = EvaluatorOptions(
            limits: limits(settings), settings: machine,
            pipeOperators: settings.features.contains("pipe-operators"), lints: settings.lints, diskCache: diskCache)
        options.delaysLikeNix = printsDelayed
        options.checksContents = checkContent
        let evaluator = Evaluator(
            io: io, fetchIO: isOfFlake ? LocalIO(isPure: true) : nil, options: options, region: images?.region,
            image: images?.image,
            print: {
                images?.hasPrinted = true
                Output.message($0 + [UInt8(ascii: "\n")])
            })
        if settings.allowsImportFromDerivation == false { evaluator?.importFromDerivation = .forbidden }
        evaluator?.tracesImportFromDerivation = settings.tracesImportFromDerivation
        if let evaluator, isKept { ProcessMemory.keep(evaluator) }
        return evaluator
    }

    /// The use of an automatic image, if nothing speaks against it: a fresh evaluation would go as far and print the same.
    ///
    /// - Parameters:
    ///   - request: the inputs; nil if they are of a kind that no image is kept for.
    ///   - options: what the command asks for besides.
    func images(_ request: ImageInputs?, _ settings: NixSettings, _ options: EvaluationRun.Options) -> ImageSession? {
        guard var request, !noCache, !noImage, settings.lints.areIgnored, maxFuel == nil, maxDepth == nil,
            settings.maximumCallDepth == nil, options.network == nil, !options.evaluatesFlakes, !options.stress,
            options.checks == nil, !Statistics.isWanted(options.asksStatistics), !settings.observesCalls,
            !settings.isPure || pure || impure, let folder = UserCache.images
        else { return nil }
        let isPure = pure || settings.isPure && !impure
        let searchPath = searchPath(settings, isPure: isPure)
        for argument in arguments {
            request.digest.add(argument.name)
            // What a file or standard input holds is not known yet.
            switch argument.value {
            case .expression(let text): request.digest.add("expression " + text)
            case .text(let text): request.digest.add("text " + text)
            case .file, .standardInput, nil: return nil
            }
        }
        request.digest.add(options.printsDelayed)
        request.digest.add(isPure)
        request.digest.add(isPure ? "" : settings.currentSystem)
        for entry in searchPath {
            request.digest.add(entry.prefix)
            request.digest.add(entry.path)
        }
        request.digest.add(currentDirectory())
        request.digest.add(settings.features.sorted())
        for flag in [
            settings.tracesVerbosely, settings.abortsOnWarning, settings.isRestricted, settings.allowsDirtyTrees,
            settings.warnsOfDirtyTrees, settings.allowsImportFromDerivation == false,
            settings.tracesImportFromDerivation,
        ] { request.digest.add(flag) }
        request.digest.add(settings.isRestricted ? settings.allowedURIs : [])
        return ImageSession(
            request.digest, inputs: request.count, folder: folder, io: io(settings, isPure: isPure, searchPath),
            checksContents: checkContent)
    }

    private func io(
        _ settings: NixSettings, isPure: Bool, _ searchPath: [(prefix: [UInt8], path: [UInt8])]
    ) -> LocalIO {
        // The setting hides all files; `--pure` leaves them readable.
        if settings.isPure, !impure, !pure { return .storeOnly() }
        return LocalIO(
            isPure: isPure, allowedPaths: settings.isRestricted ? readablePaths(searchPath) : nil,
            isRestricted: settings.isRestricted)
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
}
