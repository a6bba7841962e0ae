import Crypto

/// The content address of an encoded program: its SHA-256, which identifies it in caches and messages.
public struct ProgramName: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the digest.
    public let bytes: [UInt8]

    /// Computes the digest of an encoding, which need not be valid.
    public init(of encoding: [UInt8]) {
        bytes = Array(SHA256.hash(data: encoding))
    }

    /// The digest as 64 lower-case hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension Program {
    /// The program's content address. Each access encodes the program.
    public var name: ProgramName { ProgramName(of: encoded()) }
}
