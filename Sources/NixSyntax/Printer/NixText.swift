/// Strings and names as Nix writes them.
public enum NixText {
    /// Appends the string literal, quoted and escaped, whose value is `bytes`.
    public static func appendString(_ bytes: [UInt8], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var start = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if let escape = escape(byte, before: index + 1 < bytes.count ? bytes[index + 1] : 0) {
                output.append(contentsOf: bytes[start..<index])
                output.append(UInt8(ascii: "\\"))
                output.append(escape)
                start = index + 1
            }
            index += 1
        }
        output.append(contentsOf: bytes[start...])
        output.append(UInt8(ascii: "\""))
    }

    /// The byte that follows the backslash in the escape of a byte; nil if the byte needs no escape.
    @inline(__always)
    private static func escape(_ byte: UInt8, before next: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case UInt8(ascii: "\n"): UInt8(ascii: "n")
        case UInt8(ascii: "\r"): UInt8(ascii: "r")
        case UInt8(ascii: "\t"): UInt8(ascii: "t")
        case UInt8(ascii: "$") where next == UInt8(ascii: "{"): byte
        default: nil
        }
    }

    /// Appends an attribute or variable name, quoted if it needs to be.
    public static func appendName(_ bytes: [UInt8], to output: inout [UInt8]) {
        if isBareName(bytes) {
            output += bytes
        } else {
            appendString(bytes, to: &output)
        }
    }

    /// Whether a name needs no quotes. The keyword `or` needs none.
    public static func isBareName(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, first.isLetter || first == UInt8(ascii: "_") else { return false }
        return bytes.allSatisfy(\.isIdentifierByte) && !isKeyword(bytes)
    }

    /// Whether a name is a keyword that needs quotes.
    public static func isKeyword(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= 7 else { return false }
        switch String(decoding: bytes, as: UTF8.self) {
        case "if", "then", "else", "assert", "with", "let", "in", "rec", "inherit": return true
        default: return false
        }
    }
}
