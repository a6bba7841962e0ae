/// The hash functions in Nix expressions.
public enum HashAlgorithm: String, CaseIterable, Sendable {
    case md5
    case sha1
    case sha256
    case sha512

    /// The algorithm with a name as in expressions.
    public init(name: [UInt8]) throws(HashError) {
        guard let algorithm = Self.allCases.first(where: { name.elementsEqual($0.rawValue.utf8) }) else {
            throw .unknownAlgorithm(name)
        }
        self = algorithm
    }

    /// The name as in expressions, to be appended to bytes.
    var text: StaticString {
        switch self {
        case .md5: "md5"
        case .sha1: "sha1"
        case .sha256: "sha256"
        case .sha512: "sha512"
        }
    }

    /// The size of a hash in bytes.
    public var size: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }
}

/// The text formats of hashes.
public enum HashFormat: String, CaseIterable, Sendable {
    case base16
    /// Nix's own base 32.
    case nix32
    case base64
    /// Base64 prefixed with `sha256-`, as in the integrity attribute of HTML.
    case sri

    /// The format with a name as in expressions. `base32` is an older name of `nix32`.
    public init(name: [UInt8]) throws(HashError) {
        if name == Array("base32".utf8) {
            self = .nix32
            return
        }
        guard let format = Self.allCases.first(where: { Array($0.rawValue.utf8) == name }) else {
            throw .unknownFormat(name)
        }
        self = format
    }
}
