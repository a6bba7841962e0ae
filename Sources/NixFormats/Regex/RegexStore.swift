/// The patterns that a machine has compiled, and memory for matching.
///
/// What it keeps is bounded, and counted by its owner: when all patterns together take more than `byteLimit`, all but
/// the newest are dropped.
package final class RegexCache {
    private struct Entry {
        var source: [UInt8]
        var pattern: RegularExpression
    }

    /// Longer patterns are compiled each time, so that looking one up takes a few microseconds at most.
    package static let longestKept = 1 << 16
    private static let byteLimit = 8 << 20
    /// As many as six bits tell apart.
    private static let recentCount = 64
    /// Of an entry in both tables, beside the pattern and its source.
    private static let entryBytes = 256

    let memory = MatcherMemory()
    private var known: [UInt64: Entry] = [:]
    // Nothing that uses it calls what uses it, too, so that looking out for that at run time would be in vain.
    @exclusivity(unchecked) private var recent = [Entry?](repeating: nil, count: RegexCache.recentCount)
    private let seed = UInt64.random(in: .min ... .max)
    /// Bytes that the patterns take which are kept.
    package private(set) var byteCount = 0

    package init() {}

    /// A pattern that is kept; nil for one that is not.
    package func known(_ source: ByteView) -> RegularExpression? {
        if source.count > RegexCache.longestKept { return nil }
        let place = RegexCache.place(source)
        if let entry = unsafe recent[place], entry.source.withView({ $0.isEqual(source) }) { return entry.pattern }
        guard let entry = known[hash(source)], entry.source.withView({ $0.isEqual(source) }) else { return nil }
        unsafe recent[place] = entry
        return entry.pattern
    }

    /// Compiles a pattern, and keeps it if it is short enough.
    package func compile(_ source: ByteView, _ meter: inout WorkMeter) throws(RegexError) -> RegularExpression {
        let pattern = try RegexCompiler.compile(source, &meter)
        if source.count > RegexCache.longestKept { return pattern }
        let entry = Entry(source: source.array, pattern: pattern)
        let size = pattern.byteCount + source.count + RegexCache.entryBytes
        if byteCount + size > RegexCache.byteLimit {
            known = [:]
            unsafe recent = [Entry?](repeating: nil, count: RegexCache.recentCount)
            byteCount = 0
        }
        byteCount += size
        known[hash(source)] = entry
        unsafe recent[RegexCache.place(source)] = entry
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
    @inline(__always)
    private static func place(_ source: ByteView) -> Int {
        let count = source.count
        var hash = UInt64(truncatingIfNeeded: count)
        if count >= 8 {
            hash ^= source.word(at: 0) ^ source.word(at: count &- 8) &* 31 ^ source.word(at: (count &- 8) / 2) &* 127
        } else {
            for index in 0..<count { hash = hash &* 31 &+ UInt64(source[index]) }
        }
        return Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) &>> 58)
    }
}
