/// Paths are printed absolute and without `.`, `..` and doubled slashes.
extension ExpressionPrinter {
    mutating func appendPath(_ written: [UInt8]) {
        let slash = UInt8(ascii: "/")
        if written.first == UInt8(ascii: "~") {
            // Nix joins the home directory and the rest as they are.
            output += homeDirectory + written.dropFirst()
            return
        }
        if baseDirectory.isEmpty, written.first != slash {
            output += written
            return
        }
        output += PathText.canonical(written.first == slash ? written : baseDirectory + [slash] + written)
        // The start of an interpolated path keeps its slash, which the canonical form would lose.
        if written.count > 1 && written.last == slash { output.append(slash) }
    }
}

/// Operations on paths as text.
public enum PathText {
    /// An absolute path without empty, `.` and `..` components, `/` for the root. `..` removes the component before it
    /// without asking the file system, as Nix's path literals do.
    public static func canonical(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var components: [ArraySlice<UInt8>] = []
        for component in path.split(separator: slash) {
            if component.elementsEqual([UInt8(ascii: ".")]) { continue }
            if component.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
                _ = components.popLast()
            } else {
                components.append(component)
            }
        }
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        for component in components {
            result.append(slash)
            result += component
        }
        return result.isEmpty ? [slash] : result
    }
}
