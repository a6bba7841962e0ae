import Crypto

/// The SHA-256 of an encoded program: what names it in caches and messages.
public struct ProgramName: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// The name of an encoding, which need not be a valid one.
    public init(of encoding: [UInt8]) {
        bytes = Array(SHA256.hash(data: encoding))
    }

    /// 64 hexadecimal digits, lower case.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension Program {
    /// The program's name. Encodes it: keep the result.
    public var name: ProgramName { ProgramName(of: encoded()) }
}
