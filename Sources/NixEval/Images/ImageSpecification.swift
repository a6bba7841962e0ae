import NixStore
import NixVM

/// What a prepared set is: the evaluation whose heap becomes an image that jobs start from.
public struct ImageSpecification: Sendable, Equatable {
    /// An argument of the functions on the way to the set.
    public struct Argument: Sendable, Equatable {
        public var name: String
        /// A Nix expression.
        public var expression: String

        public init(name: String, expression: String) {
            self.name = name
            self.expression = expression
        }
    }

    /// The file that is evaluated, as jobs see it.
    public var file: [UInt8]
    public var arguments: [Argument] = []
    /// The attribute paths to evaluate; empty for what the attributes of the set have in common.
    public var forced: [String] = []
    /// The entries of the search path for `<NAME>`.
    public var searchPath: [(prefix: [UInt8], path: [UInt8])] = []
    /// The value of `builtins.currentSystem`; nil if it does not exist.
    public var system: [UInt8]?
    /// The enabled experimental features of Nix.
    public var features: Set<String> = []

    public init(file: [UInt8]) { self.file = file }

    public static func == (a: ImageSpecification, b: ImageSpecification) -> Bool {
        a.file == b.file && a.arguments == b.arguments && a.forced == b.forced && a.system == b.system
            && a.features == b.features && a.searchPath.map(\.prefix) == b.searchPath.map(\.prefix)
            && a.searchPath.map(\.path) == b.searchPath.map(\.path)
    }
}

/// What making an image took.
public struct ImageSummary: Sendable, Equatable {
    /// The size of the file in bytes.
    public var byteCount: Int
    /// The units of fuel that the evaluation used.
    public var fuel: Int
    /// The attributes that were evaluated, and those of them that failed.
    public var attributes: Int
    public var failures: Int
}

/// Why an image could not be made.
public enum ImageBuildError: Error, Sendable, CustomStringConvertible {
    case evaluation(EvaluationError)
    case image(ImageError)

    public var description: String {
        switch self {
        case .evaluation(let error): String(decoding: error.text(showTrace: false), as: UTF8.self)
        case .image(let error): error.text
        }
    }
}
