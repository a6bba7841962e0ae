/// Spreads JSON over lines that are indented by two spaces for each level, as Nix prints it.
enum JSONIndentation {
    /// - Parameters:
    ///   - compact: JSON without white space outside of strings.
    ///   - depth: the level at which it stands.
    static func write(_ compact: [UInt8], depth: Int, into text: inout [UInt8]) {
        var depth = depth
        var isString = false
        var index = 0
        while index < compact.count {
            let byte = compact[index]
            index += 1
            text.append(byte)
            if isString {
                if byte == UInt8(ascii: "\\"), index < compact.count {
                    text.append(compact[index])
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: ":"): text.append(UInt8(ascii: " "))
            case UInt8(ascii: ","): breakLine(depth, &text)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                // An object or array without members stays on its line.
                if index < compact.count, compact[index] == UInt8(ascii: "}") || compact[index] == UInt8(ascii: "]") {
                    text.append(compact[index])
                    index += 1
                } else {
                    depth += 1
                    breakLine(depth, &text)
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                text.removeLast()
                depth -= 1
                breakLine(depth, &text)
                text.append(byte)
            default: break
            }
        }
    }

    private static func breakLine(_ depth: Int, _ text: inout [UInt8]) {
        text.append(UInt8(ascii: "\n"))
        text += repeatElement(UInt8(ascii: " "), count: 2 * max(0, depth))
    }
}
