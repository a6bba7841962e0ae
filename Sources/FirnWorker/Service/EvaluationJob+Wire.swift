import FirnProtocol
import NixEval
import NixStore

extension EvaluationJob {
    /// The job that an assignment describes.
    ///
    /// - Parameters:
    ///   - wire: the assignment's specification.
    ///   - assignment: the assignment.
    ///   - roots: all roots of the worker. The job sees those that the assignment names.
    ///   - printedBytes: how many bytes of the job's printed lines are kept.
    ///   - builder: builds what the job reads of derivations, if it may read it; nil if nothing is built.
    ///   - prepared: the prepared set that the job starts from; nil if that is none.
    /// - Throws: `ProtocolError` for a specification that breaks the rules; `RootedIOError` for files that conflict.
    static func assigned(
        _ wire: WireJobSpecification, _ assignment: WireAssignment, roots: RootedIO, printedBytes: Int,
        builder: WorkerBuilder?, prepared: PreparedStart? = nil
    ) throws -> EvaluationJob {
        if let unknown = wire.features.first(where: { !ExperimentalFeature.known.contains($0) }) {
            let known = ExperimentalFeature.known.joined(separator: ", ")
            throw ProtocolError(.invalidJob, "the feature '\(unknown)' is not known here; known: \(known)")
        }
        var files: [BundleFile] = []
        if case .bundle(let bundle) = wire.program {
            files = bundle.files.map { BundleFile(path: Array($0.path.utf8), contents: [UInt8]($0.content)) }
        }
        // The assignment names the roots that the tenant may read, and the job those that it wants to read.
        let allowed = Set(assignment.roots.map(\.name))
        var names = wire.roots.map(\.name).filter { allowed.contains($0) }
        if let root = prepared?.set.root, !root.isEmpty, !names.contains(root) { names.append(root) }
        let directory = wire.hasDirectory ? path(wire.directory) : RootedIO.bundlePath
        var job = EvaluationJob(
            try input(wire, directory: directory, prepared), io: try roots.restricted(to: names, bundle: files))
        job.directory = directory
        job.arguments = wire.arguments.map { argument in (Array(argument.name.utf8), value(argument)) }
        job.attribute = wire.attribute
        job.format = format(wire.format)
        job.isStrict = wire.strict
        job.searchPath = names.filter { $0 != RootedIO.wholeName }
            .map { (Array($0.utf8), RootedIO.Root(name: $0, directory: []).path) }
        job.searchPath += wire.searchPath.map { ([UInt8]($0.prefix), [UInt8]($0.path)) }
        if wire.hasWalk { job.walk = walk(wire.walk) }
        job.system = wire.system.isEmpty ? nil : Array(wire.system.utf8)
        job.features = Set(wire.features)
        if wire.importFromDerivation { job.building = builder?.building(assignment.buildFailures) }
        if let prepared { job.start(from: prepared) }
        job.limits = EvaluationLimits(assignment.limits)
        job.limits.printedBytes = printedBytes
        return job
    }

    private static func input(
        _ wire: WireJobSpecification, directory: [UInt8], _ prepared: PreparedStart?
    ) throws -> Input {
        guard wire.hasPrepared == (prepared != nil) else {
            throw ProtocolError(.invalidJob, "the worker does not have the prepared set '\(wire.prepared.name)'")
        }
        switch wire.program {
        case .source(let source):
            let name = source.name.isEmpty ? "(string)" : source.name
            return .source([UInt8](source.text), name: name, directory: directory)
        case .rootFile(let file): return .file(path: path(file))
        case .encoded(let program):
            let directory = program.base.root.isEmpty ? RootedIO.bundlePath : path(program.base)
            let name = program.name.isEmpty ? "(program)" : program.name
            return .program([UInt8](program.program), name: name, directory: directory)
        case .bundle(let bundle):
            return .file(path: CanonPath.canonicalize(RootedIO.bundlePath + Array("/\(bundle.entry)".utf8)))
        case nil:
            guard let prepared else {
                throw ProtocolError(.invalidJob, "none of source, root_file, encoded, bundle and prepared is set")
            }
            return .file(path: prepared.set.file)
        }
    }

    /// Has the job evaluated as the set was: with its system and features. The image has the search path.
    private mutating func start(from prepared: PreparedStart) {
        system = prepared.set.system.isEmpty ? nil : Array(prepared.set.system.utf8)
        features = Set(prepared.set.features)
        searchPath = []
        image = prepared.image.heap
    }

    private static func path(_ file: WireRootFile) -> [UInt8] {
        let root = RootedIO.Root(name: file.root, directory: []).path
        return file.path.isEmpty && !root.isEmpty ? root : CanonPath.canonicalize(root + Array("/\(file.path)".utf8))
    }

    private static func value(_ argument: WireArgument) -> Argument {
        switch argument.value {
        case .expression(let source): .expression([UInt8](source))
        case .text(let text): .text([UInt8](text))
        case nil: .text([])
        }
    }

    private static func walk(_ wire: WireAttributeWalk) -> Walk {
        var options = AttributeWalker.Options(
            forceRecurse: wire.forceRecurse, meta: wire.meta, showTrace: wire.showTrace)
        options.select = [UInt8](wire.select)
        options.apply = [UInt8](wire.apply)
        options.inputDerivations = wire.inputDrvs
        options.constituents = wire.constituents
        options.details = wire.details
        return Walk(paths: wire.paths.map { $0.names.map { [UInt8]($0) } }, options: options)
    }

    private static func format(_ format: WireOutputFormat) -> ValueFormat {
        switch format {
        case .json: .json
        case .xml: .xml
        case .nix, .UNRECOGNIZED: .nix
        }
    }
}

extension EvaluationLimits {
    /// Reads limits in which the coordinator has filled in the tenant's defaults. 0 is no limit.
    init(_ wire: WireLimits) {
        self.init()
        func limit(_ value: UInt64) -> Int? { value == 0 ? nil : Int(clamping: value) }
        fuel = limit(wire.fuel)
        memoryBytes = limit(wire.memoryBytes)
        if wire.depth > 0 { depth = min(Int(clamping: wire.depth), depth) }
        if wire.timeoutMs > 0 { timeout = .milliseconds(Int64(clamping: wire.timeoutMs)) }
        resultBytes = limit(wire.resultBytes)
    }
}
