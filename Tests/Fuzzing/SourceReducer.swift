/// Makes a source shorter as long as what is wrong with it stays.
public enum SourceReducer {
    /// - Parameter holds: whether a source still shows the same.
    public static func reduce(_ source: String, holds: (String) -> Bool) -> String {
        var best = Array(source.utf8)
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            var place = 0
            while place < best.count {
                if let shorter = shorter(best, at: place, holds) {
                    best = shorter
                    isSmaller = true
                } else {
                    place += 1
                }
            }
        }
        return String(decoding: best, as: UTF8.self)
    }

    private static let closing: [UInt8: UInt8] = [0x28: 0x29, 0x5B: 0x5D, 0x7B: 0x7D, 0x22: 0x22]

    /// The source with the group that begins at a place replaced by something shorter; nil when nothing will do.
    private static func shorter(_ source: [UInt8], at place: Int, _ holds: (String) -> Bool) -> [UInt8]? {
        guard let end = end(of: source, at: place) else { return nil }
        let group = source[place...end]
        var candidates = ["1", "[ ]", "\"\"", "{ }", "x"].map { Array($0.utf8) }
        candidates += inner(group)
        for candidate in candidates where candidate.count < group.count {
            let changed = Array(source[..<place]) + candidate + Array(source[(end + 1)...])
            if holds(String(decoding: changed, as: UTF8.self)) { return changed }
        }
        return nil
    }

    /// Where the group that begins at a place ends; nil where none begins.
    private static func end(of source: [UInt8], at place: Int) -> Int? {
        guard let close = closing[source[place]] else { return nil }
        if close == source[place] { return source[(place + 1)...].firstIndex(of: close) }
        var depth = 0
        for index in place..<source.count {
            if source[index] == source[place] { depth += 1 }
            if source[index] == close { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    /// Groups within a group.
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
