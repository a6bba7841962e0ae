/// The patterns that a machine has compiled, and memory for matching.
///
/// What it keeps is bounded, and counted by its owner: when all patterns together take more than `byteLimit`, all but
/// the newest are dropped.
package final class PatternStore {
    private struct Entry {
        var source: [UInt8]
        var pattern: Pattern
    }

    /// Longer patterns are compiled each time, so that looking one up takes a few microseconds at most.
    package static let longestKept = 1 << 16
    private static let byteLimit = 8 << 20
    private static let recentCount = 64
    /// Of an entry in both tables, beside the pattern and its source.
    private static let entryBytes = 256

    let memory = MatcherMemory()
    private var known: [UInt64: Entry] = [:]
    private var recent = [Entry?](repeating: nil, count: PatternStore.recentCount)
    private let seed = UInt64.random(in: .min ... .max)
    /// Bytes that the patterns take which are kept.
    package private(set) var byteCount = 0

    package init() {}

    /// A pattern that is kept; nil for one that is not.
    package func known(_ source: ByteView) -> Pattern? {
        if source.count > PatternStore.longestKept { return nil }
        let place = PatternStore.place(source)
        if let entry = recent[place], entry.source.withView({ $0.isEqual(source) }) { return entry.pattern }
        guard let entry = known[hash(source)], entry.source.withView({ $0.isEqual(source) }) else { return nil }
        recent[place] = entry
        return entry.pattern
    }

    /// Compiles a pattern, and keeps it if it is short enough.
    package func compile(_ source: ByteView, _ meter: inout WorkMeter) throws(PatternError) -> Pattern {
        let pattern = try PatternCompiler.compile(source, &meter)
        if source.count > PatternStore.longestKept { return pattern }
        let entry = Entry(source: source.array, pattern: pattern)
        let size = pattern.byteCount + source.count + PatternStore.entryBytes
        if byteCount + size > PatternStore.byteLimit {
            known = [:]
            recent = [Entry?](repeating: nil, count: PatternStore.recentCount)
            byteCount = 0
        }
        byteCount += size
        known[hash(source)] = entry
        recent[PatternStore.place(source)] = entry
        return pattern
    }

    /// Seeded, so that no source can be made whose patterns all collide. Of two that do, one is compiled each time.
    private func hash(_ source: ByteView) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: source.count)
        var index = 0
        while index + 8 <= source.count {
            state = Self.mix(source.word(at: index), state)
            index += 8
        }
        var rest: UInt64 = 0
        while index < source.count {
            rest = rest << 8 | UInt64(source[index])
            index += 1
        }
        return Self.mix(rest, state)
    }

    private static func mix(_ word: UInt64, _ state: UInt64) -> UInt64 {
        let product = (word ^ state).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low &+ state
    }

    /// Where a pattern is kept among the recent ones: patterns that are used in turn seldom share it.
    private static func place(_ source: ByteView) -> Int {
        var hash = UInt(truncatingIfNeeded: source.count)
        let step = 1 + source.count / 16
        var index = 0
        while index < source.count {
            hash = hash &* 31 &+ UInt(source[index])
            index += step
        }
        return Int((hash ^ hash &>> 6) % UInt(recentCount))
    }
}
