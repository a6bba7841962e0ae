/// Bytes that are no encoded program.
public struct DecodeError: Error, Hashable, Sendable {
    /// What is wrong. Numbers and names are part of the protocol: append, never change.
    public enum Code: UInt16, CaseIterable, Error, Sendable {
        case badMagic = 1
        case unsupportedVersion, unknownFlags, truncated, notCanonical, overflow, tooLarge, countTooLarge
        case wrongSection, sectionLength, trailingBytes, unknownTag, valueOutOfRange
    }

    public var code: Code
    /// Where in the bytes the item starts that is wrong.
    public var offset: Int

    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}

extension DecodeError.Code {
    /// One line for people and for the documentation.
    public var documentation: String {
        switch self {
        case .badMagic: "The bytes do not start as a program does; a transfer as text also does this."
        case .unsupportedVersion: "Another version of the format; compile the source again."
        case .unknownFlags: "A flag that this version does not have."
        case .truncated: "The bytes end inside an item."
        case .notCanonical: "An integer is longer than it needs to be."
        case .overflow: "An integer is 2^64 or more."
        case .tooLarge: "The program is larger than the decoder's limit."
        case .countTooLarge: "More entries than the remaining bytes can hold."
        case .wrongSection: "Another section than the one that must stand here."
        case .sectionLength: "A section's length is not the length of its entries."
        case .trailingBytes: "Bytes after the last section."
        case .unknownTag: "A byte that must be one of a few has another value."
        case .valueOutOfRange: "A number does not fit 32 bits, or a span or line ends beyond them."
        }
    }
}

extension DecodeError: CustomStringConvertible {
    public var description: String {
        "not a valid program: \(code) (\(code.rawValue)) at byte \(offset): \(code.documentation)"
    }
}
