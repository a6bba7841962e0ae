import NixBytecode
import NixCompiler
import NixStore
import NixSyntax
import NixVM

/// What an evaluator may read and use.
public struct EvaluatorOptions: Sendable {
    public var limits: Limits
    public var settings: MachineSettings
    /// Nix's experimental feature `pipe-operators`.
    public var pipeOperators: Bool
    /// Literals to warn of or to refuse.
    public var lints: LiteralLints
    /// Makes the cache for the programs of files; nil for none.
    public var diskCache: (@Sendable () -> DiskCache?)?

    public init(
        limits: Limits = Limits(), settings: MachineSettings = MachineSettings(), pipeOperators: Bool = false,
        lints: LiteralLints = LiteralLints(), diskCache: (@Sendable () -> DiskCache?)? = nil
    ) {
        self.limits = limits
        self.settings = settings
        self.pipeOperators = pipeOperators
        self.lints = lints
        self.diskCache = diskCache
    }
}

/// Source or program in, value out. One evaluator is one heap; files are parsed and compiled once.
///
/// Compilation nests on the native stack: call it on a thread of `BigStack`.
public final class Evaluator {
    /// Names what an evaluation gives: the same program, arguments, limits and files give the same under one version.
    public static let version = "1"

    public let machine: Machine
    let io: any EvalIO
    let options: EvaluatorOptions
    /// Source text by program, for excerpts in errors.
    var sources: [String: [UInt8]] = [:]
    /// What tells the sources of programs from files from others of the same name: they are read again when an excerpt
    /// is asked for, as nearly none is.
    var sourceKeys: [String: (file: [UInt8], key: DiskCache.Key, scopeNames: [[UInt8]]?)] = [:]
    /// Where lines start in sources of which a place was asked for.
    var lineIndices: [String: LineIndex] = [:]
    /// What the expressions of sources say in which something failed.
    var contextsBySource: [String: ExpressionContexts] = [:]
    /// Sources for which that could not be made.
    var unexplained: Set<String> = []
    /// Programs whose code is made as it is run, by their number in the machine, with the name of their source.
    var deferred: [Int: (program: DeferredProgram, name: String)] = [:]
    /// Room for the chunk that is being made.
    var builder = ChunkBuilder(kind: .topLevel, arity: 0)
    /// Programs from files, which are proved as they are run, by their number in the machine.
    var indexed: [Int: (program: IndexedProgram, name: String, key: DiskCache.Key)] = [:]
    /// Warnings of everything compiled so far, with the name of their source: the first of them.
    public internal(set) var warnings: [(source: String, warning: Warning)] = []
    /// How many more there were.
    public internal(set) var warningsDropped = 0

    /// Sources compiled so far that no cache had.
    var compilations = 0
    /// Programs of this and of other evaluators, by content.
    let programs: ProgramCache?
    /// Receives warnings, one at a time without the line's end; as what the machine prints.
    let print: ([UInt8]) -> Void
    /// Programs of earlier runs, in files.
    let disk: DiskCache?
    let cancellation: Cancellation?
    /// Told of what is compiled while the machine is observed.
    var observer: (any EvaluationObserver)?
    let scope: GlobalScope

    /// Nil when the address space for the heap cannot be reserved.
    public init?(
        io: any EvalIO, options: EvaluatorOptions = EvaluatorOptions(), cancellation: Cancellation? = nil,
        print: @escaping ([UInt8]) -> Void
    ) {
        guard
            let machine = Machine(
                io: io, limits: options.limits, settings: options.settings, cancellation: cancellation, print: print)
        else { return nil }
        self.machine = machine
        self.io = machine.io
        self.options = options
        self.cancellation = cancellation
        self.print = print
        programs = nil
        disk = options.diskCache?()
        scope = .of(machine)
        guard (try? Evaluator.installDerivation(machine)) != nil else { return nil }
        machine.warningHandler = { [unowned self] warning in
            print(Array(describe(warning: warning).utf8.dropLast()))
        }
    }

    /// One of many evaluators, one after another, that share memory and programs.
    init(
        machine: Machine, options: EvaluatorOptions, cancellation: Cancellation, programs: ProgramCache,
        disk: DiskCache?
    ) {
        self.machine = machine
        self.io = machine.io
        self.options = options
        self.cancellation = cancellation
        self.programs = programs
        print = { _ in }
        self.disk = disk
        scope = .of(machine)
    }

    /// Gives a machine the builtin that is written in Nix.
    static func installDerivation(_ machine: Machine) throws {
        let tree = try NixSyntax.parse(Array(NixSources.derivation.utf8))
        let compiled = try Compiler.compile(tree, options: CompileOptions(globals: GlobalScope.whole.names))
        try machine.install(function: compiled.program, as: "derivation", sourceName: NixSources.derivationName)
    }

    /// Loads source and gives its value, not yet forced. Relative paths start from `directory`.
    public func load(source: [UInt8], name: String, directory: [UInt8], scopeNames: [[UInt8]]? = nil)
        throws(EvalFailure) -> ValueHandle
    {
        guard machine.isObserved else {
            let analysed = try analyse(source, name: name, scopeNames: scopeNames)
            return try loadDeferred(analysed, name: name, directory: directory)
        }
        // A trace shows the program's own chunks, however it came to be.
        let program = try compile(source, name: name, scopeNames: scopeNames)
        machine.countOutsideHeap(source.count + program.memoryBytes)
        let first = Int(machine.nextChunk)
        let value = try machine.load(program: program, name: name, directory: directory)
        tell(of: program, sourceName: name, firstChunk: first)
        return value
    }

    /// Loads a program that was verified.
    public func load(program: Program, name: String, directory: [UInt8]) throws(EvalFailure) -> ValueHandle {
        try machine.load(program: program, name: name, directory: directory)
    }

    /// Loads a file, or a directory's `default.nix`.
    ///
    /// - Parameter isCompiled: it is to be compiled, for the warnings, also if an earlier run left the program.
    public func load(file path: [UInt8], isCompiled: Bool = false) throws(EvalFailure) -> ValueHandle {
        try load(file: path, scopeNames: nil, isCompiled: isCompiled)
    }

    private func load(
        file path: [UInt8], scopeNames: [[UInt8]]?, isCompiled: Bool = false
    ) throws(EvalFailure) -> ValueHandle {
        if let file = NixSources.file(path) {
            return try load(
                source: file.source, name: file.name, directory: CorePackages.directory, scopeNames: scopeNames)
        }
        let source: [UInt8]
        let resolved: [UInt8]
        let room = machine.roomOutsideHeap
        do throws(EvalIOError) {
            resolved = try io.resolveImport(path)
            source = try io.readFile(resolved, limit: room)
        } catch {
            if case .tooLarge(let limit) = error.kind, limit == room { throw machine.memoryFailure }
            throw EvalFailure(kind: error.kind == .outsideRoots ? .restricted : .io, message: error.message)
        }
        machine.countOutsideHeap(Self.bytesPerFile)
        let name = String(decoding: resolved, as: UTF8.self)
        let directory = CanonPath.parent(of: resolved)
        if !machine.isObserved, !isCompiled,
            let cached = try loadCached(
                source, file: resolved, name: name, directory: directory, scopeNames: scopeNames)
        {
            return cached
        }
        return try load(source: source, name: name, directory: directory, scopeNames: scopeNames)
    }

    /// What is known of a file beside its tree and program, about.
    private static let bytesPerFile = 8 << 10

    /// Runs what was started on the machine to its end, answering its requests.
    private func run() throws(EvalFailure) -> ValueHandle {
        while true {
            switch machine.resume() {
            case .finished: return machine.takeResult()
            case .failed(let failure): throw explained(failure)
            case .needs(let request): answer(request)
            }
        }
    }

    private func answer(_ request: MachineRequest) {
        do throws(EvalFailure) {
            switch request {
            case .program(let path): machine.answer(program: try load(file: path, scopeNames: nil))
            case .scopedProgram(let path, let names):
                machine.answer(program: try load(file: path, scopeNames: names))
            case .code(let program, let chunkIndex): try makeCode(program: program, chunkIndex: chunkIndex)
            }
        } catch {
            machine.answer(failure: error)
        }
    }

    /// The value, forced.
    public func force(_ value: ValueHandle) throws(EvalFailure) -> ValueHandle {
        machine.startForce(value)
        return try run()
    }

    /// The value with everything in it forced.
    public func deepForce(_ value: ValueHandle) throws(EvalFailure) -> ValueHandle {
        machine.startDeepForce(value)
        return try run()
    }

    /// The result of a call, forced.
    public func call(_ function: ValueHandle, _ arguments: [ValueHandle]) throws(EvalFailure) -> ValueHandle {
        machine.startCall(function, arguments)
        return try run()
    }

    /// The value as XML, a string. `isStrict` forces what lies in it; `hasLocation` says where things stand.
    public func xml(_ value: ValueHandle, isStrict: Bool, hasLocation: Bool) throws(EvalFailure) -> ValueHandle {
        machine.startXML(try force(value), isStrict: isStrict, hasLocation: hasLocation)
        return try run()
    }

    /// The result of a builtin, forced.
    public func call(builtin name: String, _ arguments: [ValueHandle]) throws(EvalFailure) -> ValueHandle {
        machine.startBuiltin(name, arguments)
        return try run()
    }
}
