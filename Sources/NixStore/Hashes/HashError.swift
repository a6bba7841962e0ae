import MessageText

/// Why a text is not a hash.
public enum HashError: Error, Sendable, Equatable {
    case unknownAlgorithm([UInt8])
    case unknownFormat([UInt8])
    /// The text has no algorithm, and none is given otherwise.
    case missingAlgorithm([UInt8])
    /// The text has another algorithm than the one required.
    case otherAlgorithm([UInt8], wanted: HashAlgorithm)
    /// No format gives a text of this length for the algorithm.
    case wrongLength([UInt8], HashAlgorithm)
    /// The decoded hash has another size than the algorithm's.
    case wrongSize([UInt8], encoding: String, size: Int, expected: Int)
    /// The encoding does not use this byte.
    case invalidCharacter(UInt8, encoding: String)

    /// The message in Nix's words.
    public var message: [UInt8] {
        switch self {
        case .unknownAlgorithm(let name):
            quoted("unknown hash algorithm ", name, ", expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'")
        case .unknownFormat(let name):
            quoted("unknown hash format ", name, ", expect 'base16', 'base32', 'base64', or 'sri'")
        case .missingAlgorithm(let text):
            quoted("hash ", text, " does not include a type, nor is the type otherwise known from context")
        case .otherAlgorithm(let text, let wanted): quoted("hash ", text, " should have type '\(wanted)'")
        case .wrongLength(let text, let algorithm):
            quoted("hash ", text, " has wrong length for hash algorithm '\(algorithm)'")
        case .wrongSize(let text, let encoding, let size, let expected):
            quoted("invalid \(encoding) hash ", text, ", length \(size) != expected length \(expected)")
        case .invalidCharacter(let byte, let encoding):
            quoted("invalid character in \(encoding) string: ", [byte], "")
        }
    }

    private func quoted(_ before: String, _ text: [UInt8], _ after: String) -> [UInt8] {
        Array("\(before)'".utf8) + MessageText.excerpt(text) + Array("'\(after)".utf8)
    }
}

extension HashError: CustomStringConvertible {
    public var description: String { String(decoding: message, as: UTF8.self) }
}
