/// Paths are printed in absolute canonical form: without `.`, `..` and repeated slashes.
extension ExpressionPrinter {
    mutating func appendPath(_ written: [UInt8]) {
        let slash = UInt8(ascii: "/")
        if written.first == UInt8(ascii: "~") {
            // Nix concatenates the home directory and the rest.
            output += homeDirectory + written.dropFirst()
            return
        }
        if baseDirectory.isEmpty, written.first != slash {
            output += written
            return
        }
        let start = output.count
        if written.first != slash { PathText.appendCanonical(baseDirectory, to: &output, from: start) }
        PathText.appendCanonical(written, to: &output, from: start)
        if output.count == start { output.append(slash) }
        // The first piece of an interpolated path keeps its trailing slash, which the canonical form would lose.
        if written.count > 1 && written.last == slash { output.append(slash) }
    }
}

/// Operations on paths as text.
public enum PathText {
    /// The absolute path without empty, `.` and `..` components; `/` for the root. A `..` removes the component before
    /// it without following symbolic links, as in Nix's path literals.
    public static func canonical(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        appendCanonical(path, to: &result, from: 0)
        return result.isEmpty ? [UInt8(ascii: "/")] : result
    }

    /// Appends the components of `path` to the canonical path in `output[start...]`, which is empty for the root.
    static func appendCanonical(_ path: [UInt8], to output: inout [UInt8], from start: Int) {
        let slash = UInt8(ascii: "/")
        let dot = UInt8(ascii: ".")
        var index = 0
        while index < path.count {
            var end = index
            while end < path.count, path[end] != slash { end += 1 }
            let length = end - index
            if length == 2, path[index] == dot, path[index + 1] == dot {
                let last = output[start...].lastIndex(of: slash) ?? start
                output.removeLast(output.count - last)
            } else if length > 1 || length == 1 && path[index] != dot {
                output.append(slash)
                output.append(contentsOf: path[index..<end])
            }
            index = end + 1
        }
    }
}
