/// The cache of compiled patterns of a machine, with the working memory of the matcher.
///
/// The cache is bounded, and its owner counts its memory. When the patterns take more than `byteLimit`, all but the
/// newest are dropped.
package final class RegexCache {
    /// The longest pattern in bytes that is cached, so that a look-up takes a few microseconds at most.
    package static let longestCached = 1 << 16
    private static let byteLimit = 8 << 20
    /// The size of the direct-mapped table, which is indexed by six bits of a hash.
    private static let recentCount = 64
    /// Bytes for each entry in both tables, besides the pattern and its source.
    private static let entryBytes = 256

    let memory = MatcherMemory()
    private var known: [UInt64: RegularExpression] = [:]
    // Exclusivity is not checked at run time: no access to this table calls code that accesses it.
    @exclusivity(unchecked) private var recent = [RegularExpression?](repeating: nil, count: RegexCache.recentCount)
    private let seed = UInt64.random(in: .min ... .max)
    /// Bytes that the cached patterns take.
    package private(set) var byteCount = 0

    package init() {}

    /// A cached pattern; nil if it is not cached.
    package func cached(_ source: ByteView) -> RegularExpression? {
        if source.count > RegexCache.longestCached { return nil }
        let position = RegexCache.position(source)
        if let pattern = unsafe recent[position], pattern.isCompiled(from: source) { return pattern }
        guard let pattern = known[hash(source)], pattern.isCompiled(from: source) else { return nil }
        unsafe recent[position] = pattern
        return pattern
    }

    /// Compiles a pattern, and caches it unless it is too long.
    package func compile(_ source: ByteView, _ meter: inout WorkMeter) throws(RegexError) -> RegularExpression {
        let pattern = try RegexCompiler.compile(source, &meter)
        if source.count > RegexCache.longestCached { return pattern }
        pattern.keepSource(source)
        let size = pattern.byteCount + source.count + RegexCache.entryBytes
        if byteCount + size > RegexCache.byteLimit {
            known = [:]
            unsafe recent = [RegularExpression?](repeating: nil, count: RegexCache.recentCount)
            byteCount = 0
        }
        byteCount += size
        known[hash(source)] = pattern
        unsafe recent[RegexCache.position(source)] = pattern
        return pattern
    }

    /// A seeded hash, so that nobody can write patterns that all collide. Of two patterns that do, only one stays
    /// cached.
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

    /// The slot in the direct-mapped table. Patterns that are used alternately rarely share one.
    @inline(__always)
    private static func position(_ source: ByteView) -> Int {
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
