/// Names close to one that was not found, for "did you mean".
enum Suggestions {
    /// Up to three names within an edit distance of 2, closest first, then by name.
    ///
    /// The bounds are those of Nix (`Suggestions::bestMatches` with its default limit and `trim`).
    static func closest(to name: [UInt8], among candidates: [[UInt8]]) -> [String] {
        // A set of many thousand names is not searched: the message is not worth the time.
        if candidates.count > 5_000 { return [] }
        var found: [(distance: Int, name: [UInt8])] = []
        for candidate in candidates where abs(candidate.count - name.count) <= 2 {
            let distance = editDistance(name, candidate)
            if distance <= 2 { found.append((distance, candidate)) }
        }
        found.sort {
            ($0.distance, String(decoding: $0.name, as: UTF8.self)) < (
                $1.distance, String(decoding: $1.name, as: UTF8.self)
            )
        }
        return found.prefix(3).map { String(decoding: $0.name, as: UTF8.self) }
    }

    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var previous = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var current = [i + 1]
            for (j, y) in b.enumerated() {
                current.append(min(previous[j + 1] + 1, current[j] + 1, previous[j] + (x == y ? 0 : 1)))
            }
            previous = current
        }
        return previous[b.count]
    }
}
