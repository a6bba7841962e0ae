import ArgumentParser
import FirnCommands
import FirnProtocol
import FoundationEssentials
import NixStore

/// The options that say what jobs evaluate: sources, compiled programs, files of a root, or a directory as a bundle.
struct JobSourceArguments: ParsableArguments {
    @Argument(help: "Source files, each of which becomes a job; - is standard input, and NAME.firn a compiled program.")
    var files: [String] = []

    @Flag(name: [.customShort("E"), .customLong("expr")], help: "Take the arguments as expressions, not as files.")
    var isExpression = false

    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "A root of the workers that the job may read as <name>; @ID asks for that content.",
            valueName: "name[@id]"))
    var roots: [String] = []

    @Option(name: .customLong("path"), help: ArgumentHelp("Evaluate a file of the first root.", valueName: "file"))
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            A package set that the workers have evaluated beforehand: evaluate attributes of it (-A), or functions that are \
            called with it (-E); @ID asks for one with that identity.
            """, valueName: "name[@id]"))
    var prepared: String?

    @Option(
        help: ArgumentHelp(
            "A directory of the first root to which relative paths of a compiled program refer.", valueName: "directory"
        ))
    var base: String?

    @Option(
        name: .customLong("bundle"), help: ArgumentHelp("Send a directory with the job.", valueName: "directory"))
    var bundles: [String] = []

    @Option(help: ArgumentHelp("The file of the bundle to evaluate (default: default.nix).", valueName: "file"))
    var entry: String?

    mutating func validate() throws {
        if !paths.isEmpty && roots.isEmpty { throw ValidationError("--path needs the --root that it lies in") }
        if base != nil && roots.isEmpty { throw ValidationError("--base needs the --root that it lies in") }
        if base != nil && (isExpression || !files.contains { $0.hasSuffix(".firn") }) {
            throw ValidationError("--base is for compiled programs, whose names end in .firn")
        }
        if entry != nil && bundles.isEmpty { throw ValidationError("--entry is for --bundle") }
        if !isExpression { try Source.checkStandardInput(files) }
        for path in paths {
            if let fault = RelativePath.fault(in: path) { throw ValidationError("--path '\(path)' \(fault)") }
        }
        if let prepared {
            guard let use = Self.named(prepared), [0, ProtocolLimits.preparedIdentityBytes].contains(use.id.count)
            else {
                throw ValidationError("--prepared takes NAME or NAME@ID with 64 hexadecimal digits, not '\(prepared)'")
            }
            guard paths.isEmpty, bundles.isEmpty, base == nil, files.isEmpty || isExpression else {
                throw ValidationError("--prepared goes with -A and -E alone")
            }
        }
        for root in roots where Self.root(root) == nil {
            throw ValidationError("--root takes NAME or NAME@ID with the id in hexadecimal, not '\(root)'")
        }
    }

    var isEmpty: Bool { files.isEmpty && paths.isEmpty && bundles.isEmpty && prepared == nil }

    /// The roots that the jobs may read.
    var wireRoots: [WireRoot] { roots.compactMap(Self.root) }

    private static func root(_ text: String) -> WireRoot? {
        named(text).map { named in
            .with {
                $0.name = named.name
                $0.contentID = Data(named.id)
            }
        }
    }

    /// The prepared set that jobs start from; nil if there is none.
    var preparedUse: WirePreparedUse? {
        prepared.flatMap(Self.named).map { named in
            .with {
                $0.name = named.name
                $0.identity = Data(named.id)
            }
        }
    }

    /// A name with an id in hexadecimal.
    static func named(_ text: String) -> (name: String, id: [UInt8])? {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else { return nil }
        var id: [UInt8] = []
        if parts.count == 2 {
            let digits = Array(parts[1].utf8)
            guard !digits.isEmpty, digits.count.isMultiple(of: 2), let bytes = try? Base16.decode(digits) else {
                return nil
            }
            id = bytes
        }
        return (String(name), id)
    }

    /// One specification for each source and attribute, based on a template.
    func jobs(_ template: WireJobSpecification, attributes: [String]) throws -> [WireJobSpecification] {
        var jobs: [WireJobSpecification] = []
        // Attributes of a prepared set need no program.
        let programs: [WireJobSpecification.OneOf_Program?] = prepared != nil && files.isEmpty ? [nil] : try programs()
        for program in programs {
            for attribute in attributes.isEmpty ? [""] : attributes {
                var job = template
                job.program = program
                job.roots = wireRoots
                job.attribute = attribute
                jobs.append(job)
            }
        }
        guard jobs.count > 1, !template.idempotencyKey.isEmpty else { return jobs }
        for index in jobs.indices { jobs[index].idempotencyKey += Data("#\(index)".utf8) }
        return jobs
    }

    private func programs() throws -> [WireJobSpecification.OneOf_Program] {
        var programs: [WireJobSpecification.OneOf_Program] = []
        for file in files { programs.append(try program(file)) }
        for path in paths {
            programs.append(
                .rootFile(
                    .with {
                        $0.root = wireRoots.first?.name ?? ""
                        $0.path = path
                    }))
        }
        for directory in bundles {
            programs.append(.bundle(try BundleDirectory.read(directory, entry: entry ?? "default.nix")))
        }
        return programs
    }

    private func program(_ file: String) throws -> WireJobSpecification.OneOf_Program {
        if isExpression { return Self.source(Array(file.utf8), name: "«string»") }
        if file == "-" {
            guard let bytes = readStandardInput() else { throw CommandFailure("standard input cannot be read") }
            return Self.source(bytes, name: "«stdin»")
        }
        let path = CanonPath.absolute(Array(file.utf8), relativeTo: currentDirectory())
        let name = String(decoding: path, as: UTF8.self)
        let bytes: [UInt8]
        do throws(EvalIOError) {
            bytes = try LocalIO().readFile(path)
        } catch {
            throw CommandFailure(String(decoding: error.message, as: UTF8.self))
        }
        guard file.hasSuffix(".firn") else { return Self.source(bytes, name: name) }
        return .encoded(
            .with {
                $0.program = Data(bytes)
                $0.name = name
                if let base, let root = wireRoots.first {
                    $0.base.root = root.name
                    $0.base.path = base == "." ? "" : base
                }
            })
    }

    static func source(_ text: [UInt8], name: String) -> WireJobSpecification.OneOf_Program {
        .source(
            .with {
                $0.text = Data(text)
                $0.name = name
            })
    }
}
