/// Shortens a source while it still shows the same finding.
public enum SourceReducer {
    /// - Parameters:
    ///   - source: the source.
    ///   - holds: whether a shorter source still shows the same finding.
    public static func reduce(_ source: String, holds: (String) -> Bool) -> String {
        var best = Array(source.utf8)
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            var offset = 0
            while offset < best.count {
                if let shorter = shorter(best, at: offset, holds) {
                    best = shorter
                    isSmaller = true
                } else {
                    offset += 1
                }
            }
        }
        return String(decoding: best, as: UTF8.self)
    }

    private static let closing: [UInt8: UInt8] = [0x28: 0x29, 0x5B: 0x5D, 0x7B: 0x7D, 0x22: 0x22]

    /// The source with the group at an offset replaced by something shorter; nil if that never shows the finding.
    private static func shorter(_ source: [UInt8], at offset: Int, _ holds: (String) -> Bool) -> [UInt8]? {
        guard let end = end(of: source, at: offset) else { return nil }
        let group = source[offset...end]
        var candidates = ["1", "[ ]", "\"\"", "{ }", "x"].map { Array($0.utf8) }
        candidates += inner(group)
        for candidate in candidates where candidate.count < group.count {
            let changed = Array(source[..<offset]) + candidate + Array(source[(end + 1)...])
            if holds(String(decoding: changed, as: UTF8.self)) { return changed }
        }
        return nil
    }

    /// The offset behind the group that begins at an offset; nil if none begins there.
    private static func end(of source: [UInt8], at offset: Int) -> Int? {
        guard let close = closing[source[offset]] else { return nil }
        if close == source[offset] { return source[(offset + 1)...].firstIndex(of: close) }
        var depth = 0
        for index in offset..<source.count {
            if source[index] == source[offset] { depth += 1 }
            if source[index] == close { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    /// The groups within a group.
    private static func inner(_ group: ArraySlice<UInt8>) -> [[UInt8]] {
        let bytes = Array(group)
        var found: [[UInt8]] = []
        var index = 1
        while index < bytes.count, found.count < 8 {
            if let end = end(of: bytes, at: index) {
                found.append(Array(bytes[index...end]))
                index = end
            }
            index += 1
        }
        return found
    }
}
