extension Interpreter {
    /// Names among those of symbols that are close to one's.
    func suggestions(_ symbol: UInt32, _ candidates: [UInt32]) -> [String] {
        let length = state.pointee.symbols.bytes(symbol).count
        if !Suggestions.areWorthwhile(length, among: candidates.count) { return [] }
        let names = candidates.map { state.pointee.symbols.bytes($0) }.filter {
            Suggestions.mayBeClose($0.count, length)
        }
        return Suggestions.closest(
            to: Array(state.pointee.symbols.bytes(symbol)), among: names.map { Array($0) })
    }
}

/// Names close to one that was not found, for "did you mean".
package enum Suggestions {
    /// Up to three names within an edit distance of 2, closest first, then by name.
    ///
    /// The bounds are those of Nix (`Suggestions::bestMatches` with its default limit and `trim`).
    package static func closest(to name: [UInt8], among candidates: [[UInt8]]) -> [String] {
        if !areWorthwhile(name.count, among: candidates.count) { return [] }
        var found: [(distance: Int, name: [UInt8])] = []
        for candidate in candidates where mayBeClose(candidate.count, name.count) {
            if let distance = editDistance(name, candidate) { found.append((distance, candidate)) }
        }
        found.sort {
            ($0.distance, String(decoding: $0.name, as: UTF8.self)) < (
                $1.distance, String(decoding: $1.name, as: UTF8.self)
            )
        }
        return found.prefix(3).map { String(decoding: $0.name, as: UTF8.self) }
    }

    /// A set of many thousand names is not searched: the message is not worth the time. Neither is a name that nobody
    /// would type.
    static func areWorthwhile(_ length: Int, among candidates: Int) -> Bool {
        candidates <= 5_000 && length <= longestName
    }

    /// Whether names of these lengths can be within the distance.
    static func mayBeClose(_ length: Int, _ other: Int) -> Bool { abs(length - other) <= 2 }

    /// Bytes of the longest name for which others are looked for.
    private static let longestName = 1_024

    /// The edits that make one name of another if they are two at most: only so many places of one may stand beside a
    /// place of the other, so that the time is linear.
    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int? {
        let most = 2
        let far = most + 1
        // By distance of the place in `b` from the place in `a`, from -2 to 2.
        var row = (0...2 * most).map { $0 < most ? far : min($0 - most, far) }
        for (index, byte) in a.enumerated() {
            var next = [Int](repeating: far, count: row.count)
            for band in row.indices {
                let place = index + band - most
                guard place >= -1, place < b.count else { continue }
                // Nothing of `b` yet: everything of `a` is removed.
                if place == -1 {
                    next[band] = min(index + 1, far)
                    continue
                }
                var best = row[band] + (b[place] == byte ? 0 : 1)
                if band + 1 < row.count { best = min(best, row[band + 1] + 1) }
                if band > 0 { best = min(best, next[band - 1] + 1) }
                next[band] = min(best, far)
            }
            row = next
        }
        let end = b.count - a.count + most
        guard row.indices.contains(end), row[end] <= most else { return nil }
        return row[end]
    }
}
