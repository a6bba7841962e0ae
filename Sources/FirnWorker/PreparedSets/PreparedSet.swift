import FirnProtocol
import NixEval
import NixStore

/// A package set that is evaluated before jobs ask for it, and kept as an image: a file of an evaluated heap that every
/// process of the worker maps.
public struct PreparedSet: Sendable, Hashable, Codable {
    /// An argument of the functions on the way to the set.
    public struct Argument: Sendable, Hashable, Codable {
        public var name: String
        /// A Nix expression.
        public var expression: String

        public init(name: String, expression: String) {
            self.name = name
            self.expression = expression
        }
    }

    /// Where the image comes from.
    public enum Origin: Sendable, Hashable, Codable {
        /// The worker makes it from a file of the root.
        case root
        /// The operator gives the file of an image, which lies on the worker's machine.
        case file(String)
    }

    /// The name by which jobs ask for it.
    public var name: String
    /// The root that it is made from, which its jobs may read; empty for none.
    public var root: String
    /// The file in the root that is evaluated.
    public var path = "default.nix"
    /// The arguments, by name.
    public var arguments: [Argument] = []
    /// The attribute paths to evaluate; empty for what the attributes of the set have in common.
    public var force: [String] = []
    /// The value of `builtins.currentSystem`; empty if it does not exist.
    public var system = ""
    /// The enabled experimental features of Nix.
    public var features: [String] = []
    /// The tenants that may use it; `*` stands for all.
    public var tenants = ["*"]
    public var origin = Origin.root

    public init(name: String, root: String) {
        self.name = name
        self.root = root
    }

    /// The evaluated file as jobs see it.
    var file: [UInt8] {
        CanonPath.canonicalize(RootedIO.Root(name: root, directory: []).path + Array("/\(path)".utf8))
    }

    /// The entries of the search path of the set, and of its jobs.
    var searchPath: [(prefix: [UInt8], path: [UInt8])] {
        let isNamed = !root.isEmpty && root != RootedIO.wholeName
        return isNamed ? [(Array(root.utf8), RootedIO.Root(name: root, directory: []).path)] : []
    }

    /// What its image is made from.
    var specification: ImageSpecification {
        var specification = ImageSpecification(file: file)
        specification.arguments = arguments.map { .init(name: $0.name, expression: $0.expression) }
        specification.forced = force
        specification.searchPath = searchPath
        specification.system = system.isEmpty ? nil : Array(system.utf8)
        specification.features = Set(features)
        return specification
    }

    /// The identity of the set that a worker makes: the SHA-256 hash of what is evaluated and with which evaluator, so
    /// that it is the same on every worker.
    ///
    /// - Parameter contentID: the content id of the root.
    func identity(contentID: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        func add(_ field: some Collection<UInt8>) { text += Array("\(field.count):".utf8) + field }
        for field in ["firn-prepared-set-1", Evaluator.version, root, path, system] { add(field.utf8) }
        add(contentID)
        let named = arguments.sorted { $0.name < $1.name }.flatMap { [$0.name, $0.expression] }
        for list in [named, force.sorted(), features.sorted()] {
            add("\(list.count)".utf8)
            for field in list { add(field.utf8) }
        }
        return Hash(of: text, .sha256).bytes
    }
}
