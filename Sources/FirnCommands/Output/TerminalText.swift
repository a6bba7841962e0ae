/// Filters text that evaluated code, a tenant or a worker chose, so that it cannot control the user's terminal.
///
/// The rules are Nix's. Escape sequences are removed, except those that end in `m` if colours are wanted, because they
/// only set how text looks. Tabs become spaces up to the next column that is a multiple of 8. Control characters other
/// than newlines are removed, including those of two bytes (U+0080 to U+009F), which terminals obey as well.
package enum TerminalText {
    private static let escape: UInt8 = 0x1B
    private static let tab: UInt8 = 0x09
    private static let lineEnd: UInt8 = 0x0A
    private static let bell: UInt8 = 0x07
    private static let delete: UInt8 = 0x7F
    /// The first byte of U+0080 to U+00BF in UTF-8, which include control characters.
    private static let latinLead: UInt8 = 0xC2

    /// The text without what could control a terminal.
    ///
    /// - Parameter keepsColors: whether sequences that end in `m` are kept.
    package static func filtered(_ text: [UInt8], keepsColors: Bool) -> [UInt8] {
        guard text.contains(where: { $0 < 0x20 && $0 != lineEnd || $0 == delete || $0 == latinLead }) else {
            return text
        }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var column = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            switch byte {
            case escape:
                let sequence = self.sequence(in: text, at: index)
                if keepsColors, sequence.setsLook { result += text[index..<sequence.end] }
                index = sequence.end
                continue
            case tab:
                let width = 8 - column % 8
                result += repeatElement(UInt8(ascii: " "), count: width)
                column += width
            case lineEnd:
                result.append(byte)
                column = 0
            case 0..<0x20, delete: break
            case latinLead where index + 1 < text.count && (0x80..<0xA0).contains(text[index + 1]): index += 1
            default:
                result.append(byte)
                // Continuation bytes of a character take no column.
                if byte & 0xC0 != 0x80 { column += 1 }
            }
            index += 1
        }
        return result
    }

    /// The end of the escape sequence that begins at an index, and whether it is complete and ends in `m`.
    private static func sequence(in text: [UInt8], at start: Int) -> (end: Int, setsLook: Bool) {
        var index = start + 1
        func skip(_ range: ClosedRange<UInt8>) {
            while index < text.count, range.contains(text[index]) { index += 1 }
        }
        guard index < text.count else { return (index, false) }
        switch text[index] {
        case UInt8(ascii: "["):
            index += 1
            skip(0x30...0x3F)
            skip(0x20...0x2F)
            guard index < text.count, (0x40...0x7E).contains(text[index]) else { return (index, false) }
            return (index + 1, text[index] == UInt8(ascii: "m"))
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            // A string for the terminal itself, which ends at a bell or `ESC \`. Without either it ends with its line.
            while index < text.count, text[index] != bell, text[index] != escape, text[index] != lineEnd { index += 1 }
            if index < text.count, text[index] == bell { return (index + 1, false) }
            let isEnded = index + 1 < text.count && text[index] == escape && text[index + 1] == UInt8(ascii: "\\")
            return (isEnded ? index + 2 : index, false)
        case 0x40...0x5F: return (index + 1, false)
        default: return (index, false)
        }
    }

    /// The text for one line of a list. Control characters, including newlines, are written as `\u{1B}`, so that texts
    /// with and without them remain distinguishable.
    package static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.map {
            isControl($0) ? "\\u{\(String($0.value, radix: 16, uppercase: true))}" : "\($0)"
        }
        .joined()
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }
}
