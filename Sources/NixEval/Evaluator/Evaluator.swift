import NixBytecode
import NixCompiler
import NixStore
import NixSyntax
import NixVM

/// Evaluates sources and programs. An evaluator has one heap, in which each file is parsed and compiled only once. One
/// thread may use it at a time.
///
/// A program that embeds it uses the functions of `Evaluator+Facade.swift`. They run on a thread with a large stack,
/// because the compiler recurses. Whoever calls another function must be on such a thread (`BigStack`).
public final class Evaluator {
    /// The version of the semantics. Under one version, equal programs, arguments, limits and files give equal results.
    public static let version = "1"

    package let machine: Machine
    let io: any EvalIO
    let options: EvaluatorOptions
    /// The texts of sources by name, for excerpts in errors.
    var sources: [String: [UInt8]] = [:]
    /// The texts of sources that are no files, by the number of their program in the machine: several may have one name.
    var inlineSources: [Int: [UInt8]] = [:]
    /// The identities of sources whose programs came from the disk cache. The source is only read again when an error
    /// needs an excerpt, and must not have changed.
    var sourceKeys: [String: (file: [UInt8], key: DiskCache.Key, scopeNames: [[UInt8]]?)] = [:]
    /// The line indices of sources with resolved positions, by `sourceKey`.
    var lineIndices: [String: LineIndex] = [:]
    /// The parsed expressions of sources in which something failed, by `sourceKey`.
    var contextsBySource: [String: ExpressionTrace] = [:]
    /// Sources that could not be parsed again.
    var unexplained: Set<String> = []
    /// Programs whose code is generated when the machine first runs it, by their number in the machine.
    var partial: [Int: PartialProgram] = [:]
    /// A builder whose buffers all chunks share.
    var builder = ChunkBuilder(kind: .topLevel, arity: 0)
    /// The first warnings about everything compiled so far, with the name of the source.
    package internal(set) var warnings: [(source: String, warning: Warning)] = []
    /// The number of further warnings.
    package internal(set) var warningsDropped = 0

    /// The number of sources compiled so far that were in no cache.
    var compilations = 0
    /// The cache shared with other evaluators; nil if there is none.
    let programs: ProgramCache?
    /// Prints warnings and the output of `trace`, one message at a time without the final newline.
    let output: ([UInt8]) -> Void
    /// The cache of programs in files; nil if there is none.
    let disk: DiskCache?
    /// Builds what an evaluation reads of derivations; nil if nothing is built. `importFromDerivation` says whether it is
    /// asked.
    public var derivationBuilder: (any DerivationBuilder)?
    /// What was needed and put off, while builds are put off; nil while they are not.
    var waitingBuilds: WaitingBuilds?
    /// Whether the heap may become an image. Each program is then compiled as a whole, and encoded, because an image keeps
    /// it so.
    var canMakeImage = false
    /// What an image keeps of each program, by number.
    var imageSources: [Int: ImageProgramSource] = [:]
    /// Notified of what is compiled while the machine is observed.
    var observer: (any EvaluationObserver)?
    let scope: GlobalScope

    /// Creates an evaluator with a machine of its own; fails if the address space for the heap cannot be reserved.
    ///
    /// - Parameters:
    ///   - io: gives access to files and the environment.
    ///   - fetchIO: what the fetchers read, if that is more.
    ///   - options: the limits, settings and features; `files`, `timeout` and `output` are not used.
    ///   - region: where the heap must be so that it can become an image; nil if it need not.
    ///   - image: the image that the evaluation continues from; nil if it begins with nothing.
    ///   - print: receives warnings and the output of `trace`, one message at a time without the final newline.
    package convenience init?(
        io: any EvalIO, fetchIO: (any EvalIO)? = nil, options: EvaluatorOptions = EvaluatorOptions(),
        region: ImageRegion? = nil, image: HeapImage? = nil, print: @escaping ([UInt8]) -> Void
    ) {
        guard
            let machine = Machine(
                io: io, fetchIO: fetchIO, limits: options.limits, settings: options.settings,
                cancellation: options.cancellation, region: region, image: image, print: print)
        else { return nil }
        self.init(machine: machine, options: options, disk: options.diskCache?(), output: print)
        if image == nil, (try? Evaluator.installDerivation(machine)) == nil { return nil }
        canMakeImage = region != nil || image != nil
        machine.warningHandler = { [unowned self] in warn($0) }
    }

    /// Creates an evaluator with a machine that has the builtin `derivation`, or gets it.
    init(
        machine: Machine, options: EvaluatorOptions, programs: ProgramCache? = nil, disk: DiskCache?,
        output: @escaping ([UInt8]) -> Void = { _ in }
    ) {
        self.machine = machine
        self.io = machine.io
        self.options = options
        self.programs = programs
        self.output = output
        self.disk = disk
        scope = .of(machine)
    }

    /// Installs the builtin `derivation`, which is written in Nix.
    static func installDerivation(_ machine: Machine) throws {
        try machine.install(function: derivationProgram(), as: "derivation", sourceName: NixSources.derivationName)
    }

    static func derivationProgram() throws -> Program {
        let tree = try NixSyntax.parse(NixSources.derivation)
        return try Compiler.compile(tree, options: CompileOptions(globals: GlobalScope.whole.names)).program
    }

    /// Loads a source.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - name: the name of the source in positions.
    ///   - directory: the directory that relative paths are relative to.
    ///   - scopeNames: the names that `scopedImport` adds; nil for an ordinary import.
    /// - Returns: the value, not forced.
    /// - Throws: a syntax error, an undefined variable, or an exceeded limit.
    package func load(source: [UInt8], name: String, directory: [UInt8], scopeNames: [[UInt8]]? = nil)
        throws(EvalFailure) -> ValueHandle
    {
        guard machine.isObserved else {
            if canMakeImage {
                return try loadForImage(source, file: nil, name: name, directory: directory, scopeNames: scopeNames)
            }
            let analysed = try analyse(source, name: name, scopeNames: scopeNames)
            return try loadDeferred(analysed, name: name, directory: directory)
        }
        // An observer must see the same chunks in every run, so all code is generated now, and the disk cache is not used.
        let program = try compile(source, name: name, scopeNames: scopeNames)
        machine.countOutsideHeap(source.count + program.memoryBytes)
        let first = Int(machine.nextChunk)
        let value = try machine.load(program: program, name: name, directory: directory)
        notifyObserver(of: program, sourceName: name, firstChunk: first)
        return value
    }

    /// Loads a verified program.
    package func load(program: Program, name: String, directory: [UInt8]) throws(EvalFailure) -> ValueHandle {
        try machine.load(program: program, name: name, directory: directory)
    }

    /// Loads a file, or the `default.nix` of a directory.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - isCompiled: whether the file is compiled even if its program is in the disk cache, because its warnings are
    ///     needed.
    /// - Returns: the value, not forced.
    /// - Throws: why the file cannot be read or compiled.
    package func load(file path: [UInt8], isCompiled: Bool = false) throws(EvalFailure) -> ValueHandle {
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
        if canMakeImage, !machine.isObserved {
            return try loadForImage(source, file: resolved, name: name, directory: directory, scopeNames: scopeNames)
        }
        if !machine.isObserved, !isCompiled,
            let cached = try loadCached(
                source, file: resolved, name: name, directory: directory, scopeNames: scopeNames)
        {
            return cached
        }
        return try load(source: source, name: name, directory: directory, scopeNames: scopeNames)
    }

    /// An estimate of the bytes that are kept for a file, besides its tree and program.
    private static let bytesPerFile = 8 << 10

    /// Runs the machine until the result is complete, and answers its requests.
    func run() throws(EvalFailure) -> ValueHandle {
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
            case .code(let program, let chunkIndex):
                machine.answer(code: try part(ofProgram: program, chunkIndex), program: program)
            case .build(let outputs): try build(outputs)
            }
        } catch {
            machine.answer(failure: error)
        }
    }

    /// Forces a value.
    package func force(_ value: ValueHandle) throws(EvalFailure) -> ValueHandle {
        machine.startForce(value)
        return try run()
    }

    /// Forces a value and everything in it.
    package func deepForce(_ value: ValueHandle) throws(EvalFailure) -> ValueHandle {
        machine.startDeepForce(value)
        return try run()
    }

    /// Calls a function and forces the result.
    package func call(_ function: ValueHandle, _ arguments: [ValueHandle]) throws(EvalFailure) -> ValueHandle {
        machine.startCall(function, arguments)
        return try run()
    }

    /// Converts a value to XML.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - isStrict: whether everything in the value is forced.
    ///   - hasLocation: whether the positions of definitions are included.
    /// - Returns: the text.
    /// - Throws: the failure of the evaluation.
    package func xml(_ value: ValueHandle, isStrict: Bool, hasLocation: Bool) throws(EvalFailure) -> [UInt8] {
        machine.startXML(try force(value), isStrict: isStrict, hasLocation: hasLocation)
        return machine.bytes(try run()) ?? []
    }

    /// Calls a builtin and forces the result.
    package func call(builtin name: String, _ arguments: [ValueHandle]) throws(EvalFailure) -> ValueHandle {
        machine.startBuiltin(name, arguments)
        return try run()
    }
}
