import FirnCommands
import FirnProtocol
import NixEval
import NixStore
import NixVM

/// The image from which the jobs of a command start on its own farm, so that they do not each evaluate again what the
/// attributes of a package set have in common.
struct JobImage: Sendable {
    /// The name under which the workers have it.
    static let name = "packages"

    /// The file of the image.
    let path: String
    private let file: WireRootFile
    private let system: String
    private let features: [String]

    /// Finds or makes the image of what jobs evaluate. There is none for an expression or a flake, nor if the user's caches
    /// are not to be used, the set is small, or its evaluation prints something or fails: then jobs do without.
    ///
    /// - Parameters:
    ///   - job: a job that reads all files of this machine.
    ///   - memoryBytes: the memory that making it may take.
    init?(_ job: WireJobSpecification, memoryBytes: Int) {
        guard case .rootFile(let file) = job.program, file.root == RootedIO.wholeName, !job.importFromDerivation,
            let folder = UserCache.images, let specification = Self.specification(job, file),
            let io = try? RootedIO(roots: [RootedIO.Root(name: RootedIO.wholeName, directory: [UInt8(ascii: "/")])])
        else { return nil }
        let image = SetImage(specification, folder: folder)
        var limits = EvaluationLimits()
        limits.memoryBytes = memoryBytes
        limits.timeout = .milliseconds(Int64(clamping: job.limits.timeoutMs))
        guard let path = image.find(io) ?? (try? image.make(io, limits: limits)) else { return nil }
        self.path = path
        self.file = file
        system = job.system
        features = job.features
    }

    private static func specification(_ job: WireJobSpecification, _ file: WireRootFile) -> ImageSpecification? {
        var specification = ImageSpecification(file: CanonPath.canonicalize(Array("/\(file.path)".utf8)))
        for argument in job.arguments {
            let expression: String
            switch argument.value {
            case .expression(let source): expression = String(decoding: source, as: UTF8.self)
            case .text(let text): expression = literal(String(decoding: text, as: UTF8.self))
            case nil: return nil
            }
            // Relative paths in an argument start from the directory of the job.
            guard !expression.contains("./") else { return nil }
            specification.arguments.append(.init(name: argument.name, expression: expression))
        }
        specification.searchPath = job.searchPath.map { ([UInt8]($0.prefix), [UInt8]($0.path)) }
        specification.system = job.system.isEmpty ? nil : Array(job.system.utf8)
        specification.features = Set(job.features)
        return specification
    }

    /// A text as a Nix string.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" || character == "$" { literal += "\\" }
            literal.unicodeScalars.append(character)
        }
        return literal + "\""
    }

    /// Has a job start from the image.
    func start(_ job: inout WireJobSpecification) {
        job.program = nil
        job.prepared.name = Self.name
        job.system = ""
        job.features = []
        job.searchPath = []
    }

    /// The arguments of the workers.
    var workerArguments: [String] {
        let section = "preparedSets.\(Self.name)"
        return [
            ("root", RootedIO.wholeName), ("path", file.path), ("image", path), ("system", system),
            ("features", features.joined(separator: ",")),
        ].flatMap { ["--set", "\(section).\($0)=\($1)"] }
    }
}
