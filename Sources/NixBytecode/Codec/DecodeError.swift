/// Why bytes are not an encoded program.
public struct DecodeError: Error, Hashable, Sendable {
    /// What is wrong. The numbers and names are part of the protocol: new codes are appended, and none is changed.
    public enum Code: UInt16, CaseIterable, Error, Sendable {
        case badMagic = 1
        case unsupportedVersion, unknownFlags, truncated, notCanonical, overflow, tooLarge, countTooLarge
        case wrongSection, sectionLength, trailingBytes, unknownTag, valueOutOfRange
    }

    public var code: Code
    /// The offset of the invalid item.
    public var offset: Int

    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}

extension DecodeError.Code {
    /// The meaning of the code in one line, for messages and the protocol's page.
    public var documentation: String {
        switch self {
        case .badMagic: "The bytes do not begin like a program; a transfer in text mode can also cause this."
        case .unsupportedVersion: "The program has another version of the format; compile the source again."
        case .unknownFlags: "The header has a flag that this version does not know."
        case .truncated: "The bytes end within an item."
        case .notCanonical: "An integer does not have its shortest encoding."
        case .overflow: "An integer is 2^64 or more."
        case .tooLarge: "The program is larger than the decoder's limit."
        case .countTooLarge: "A count is larger than the remaining bytes allow."
        case .wrongSection: "A section is missing or out of order."
        case .sectionLength: "The length of a section differs from that of its entries."
        case .trailingBytes: "There are bytes after the last section."
        case .unknownTag: "A tag or flag byte has an undefined value."
        case .valueOutOfRange: "A number, or the end of a span or line, does not fit 32 bits."
        }
    }
}

extension DecodeError: CustomStringConvertible {
    public var description: String {
        "not a valid program: \(code) (\(code.rawValue)) at byte \(offset): \(code.documentation)"
    }
}
