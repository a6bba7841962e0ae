import Crypto

/// A hash and its algorithm.
public struct Hash: Hashable, Sendable {
    public let algorithm: HashAlgorithm
    /// The bytes of the hash, as many as the algorithm's `size`.
    public let bytes: [UInt8]

    /// - Parameters:
    ///   - algorithm: the hash function.
    ///   - bytes: the bytes of the hash, as many as the algorithm's `size`.
    init(_ algorithm: HashAlgorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// The hash of zero bytes, which replaces an empty hash in expressions.
    public static func zero(_ algorithm: HashAlgorithm) -> Hash {
        Hash(algorithm, bytes: [UInt8](repeating: 0, count: algorithm.size))
    }

    /// Hashes `data`.
    public init(of data: [UInt8], _ algorithm: HashAlgorithm) {
        self.algorithm = algorithm
        bytes =
            switch algorithm {
            case .md5: Array(Insecure.MD5.hash(data: data))
            case .sha1: Array(Insecure.SHA1.hash(data: data))
            case .sha256: Array(SHA256.hash(data: data))
            case .sha512: Array(SHA512.hash(data: data))
            }
    }

    /// Hashes data of any length, and calls `isStopped` after each block; nil if that returned true.
    public init?(of data: [UInt8], _ algorithm: HashAlgorithm, isStopped: () -> Bool) {
        var stream = HashStream(algorithm)
        guard unsafe data.withUnsafeBytes({ unsafe stream.update($0, isStopped: isStopped) }) else { return nil }
        self = stream.finish()
    }

    /// Parses a hash: `ALGORITHM:TEXT`, `ALGORITHM-BASE64` (SRI), or a text without algorithm. Its length determines
    /// the encoding.
    ///
    /// - Parameters:
    ///   - text: the hash.
    ///   - algorithm: the algorithm if the text has none; otherwise both must agree.
    /// - Throws: why the text is not a hash.
    public init(parsing text: [UInt8], _ algorithm: HashAlgorithm? = nil) throws(HashError) {
        let separator = text.firstIndex(of: UInt8(ascii: ":")) ?? text.firstIndex(of: UInt8(ascii: "-"))
        let named = try separator.map { (end) throws(HashError) in try HashAlgorithm(name: Array(text[..<end])) }
        guard let resolved = named ?? algorithm else { throw .missingAlgorithm(text) }
        if let algorithm, algorithm != resolved { throw .otherAlgorithm(text, wanted: algorithm) }
        let rest = separator.map { Array(text[($0 + 1)...]) } ?? text
        let isSRI = separator.map { text[$0] == UInt8(ascii: "-") } ?? false
        self.algorithm = resolved
        bytes = try Self.decode(rest, resolved, isSRI ? .sri : Self.format(of: rest, resolved))
    }

    /// The hash as text. SRI always begins with the algorithm's name, the other formats if `withAlgorithm` is set.
    public func text(_ format: HashFormat, withAlgorithm: Bool = false) -> [UInt8] {
        let name = Array(algorithm.rawValue.utf8)
        let prefix = format == .sri ? name + [UInt8(ascii: "-")] : withAlgorithm ? name + [UInt8(ascii: ":")] : []
        return switch format {
        case .base16: prefix + Base16.encode(bytes)
        case .nix32: prefix + Nix32.encode(bytes)
        case .base64, .sri: prefix + Base64.encode(bytes)
        }
    }

    /// The encoding that gives a text of this length.
    private static func format(of text: [UInt8], _ algorithm: HashAlgorithm) throws(HashError) -> HashFormat {
        switch text.count {
        case algorithm.size * 2: return .base16
        case Nix32.encodedCount(algorithm.size): return .nix32
        case (algorithm.size + 2) / 3 * 4: return .base64
        default: throw .wrongLength(text, algorithm)
        }
    }

    private static func decode(
        _ text: [UInt8], _ algorithm: HashAlgorithm, _ format: HashFormat
    ) throws(HashError) -> [UInt8] {
        let (bytes, encoding) =
            switch format {
            case .base16: (try Base16.decode(text), "base16")
            case .nix32: (try Nix32.decode(text), "nix32")
            case .base64: (try Base64.decode(text), "Base64")
            case .sri: (try Base64.decode(text), "SRI")
            }
        if bytes.count != algorithm.size {
            throw .wrongSize(text, encoding: encoding, size: bytes.count, expected: algorithm.size)
        }
        return bytes
    }
}
