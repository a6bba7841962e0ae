extension Interpreter {
    /// The names of candidates that are similar to the name of a symbol.
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

extension Machine {
    /// The names of a set's attributes that are similar to a name that it does not have.
    package func suggestions(for name: [UInt8], in set: ValueHandle) -> [String] {
        let value = state.pointee.roots[set.root]
        guard value.isAttributes, Suggestions.areWorthwhile(name.count, among: value.attributes.count) else {
            return []
        }
        let names = interpreter.slots(of: value.object).map { state.pointee.symbols.bytes($0.entry.symbol) }
        return Suggestions.closest(
            to: name, among: names.filter { Suggestions.mayBeClose($0.count, name.count) }.map { Array($0) })
    }
}

/// Existing names that are similar to one that was not found, for "did you mean".
package enum Suggestions {
    /// Up to three names within an edit distance of 2, sorted by distance and then by name.
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

    /// Whether a search for similar names is worth its time. It is not in a set of many thousand names, or for a name
    /// that is longer than anybody would type.
    static func areWorthwhile(_ length: Int, among candidates: Int) -> Bool {
        candidates <= 5_000 && length <= longestName
    }

    /// Whether names of these lengths can be within the edit distance of 2.
    static func mayBeClose(_ length: Int, _ other: Int) -> Bool { abs(length - other) <= 2 }

    /// The number of bytes of the longest name for which similar ones are searched.
    private static let longestName = 1_024

    /// The edit distance if it is at maximum 2, or nil. Only that many diagonals of the matrix are computed, so the time
    /// is linear.
    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int? {
        let maximum = 2
        let far = maximum + 1
        // Entry `band` belongs to the diagonal on which the index in `b` minus the index in `a` is `band - maximum`.
        var row = (0...2 * maximum).map { $0 < maximum ? far : min($0 - maximum, far) }
        for (index, byte) in a.enumerated() {
            var next = [Int](repeating: far, count: row.count)
            for band in row.indices {
                let column = index + band - maximum
                guard column >= -1, column < b.count else { continue }
                // Nothing of `b` is used yet, so everything of `a` is removed.
                if column == -1 {
                    next[band] = min(index + 1, far)
                    continue
                }
                var best = row[band] + (b[column] == byte ? 0 : 1)
                if band + 1 < row.count { best = min(best, row[band + 1] + 1) }
                if band > 0 { best = min(best, next[band - 1] + 1) }
                next[band] = min(best, far)
            }
            row = next
        }
        let end = b.count - a.count + maximum
        guard row.indices.contains(end), row[end] <= maximum else { return nil }
        return row[end]
    }
}
