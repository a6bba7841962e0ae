/// The hash functions that Nix expressions can name.
public enum HashAlgorithm: String, CaseIterable, Sendable {
    case md5
    case sha1
    case sha256
    case sha512

    /// The algorithm of a name as expressions write it.
    public init(name: [UInt8]) throws(HashError) {
        guard let algorithm = Self.allCases.first(where: { Array($0.rawValue.utf8) == name }) else {
            throw .unknownAlgorithm(name)
        }
        self = algorithm
    }

    /// Bytes of a hash.
    public var size: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }
}

/// How a hash is written.
public enum HashFormat: String, CaseIterable, Sendable {
    case base16
    /// Nix's own base 32.
    case nix32
    case base64
    /// `sha256-` and base 64, as in HTML's integrity attribute.
    case sri

    /// The format of a name as expressions write it; `base32` is the older name of `nix32`.
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
