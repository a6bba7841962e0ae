/// The working memory of the matcher, which is reused from match to match.
///
/// A small part is retained, so that matching a short text allocates nothing; the rest is freed.
final class MatcherMemory {
    /// The kinds of backtracking entries: a change to undo, or an alternative to try.
    enum Kind: UInt64 {
        case capture, counter, loop, run, choice, otherSide, completes
    }

    /// An entry of the backtracking stack. The head has the kind in the lowest byte, then 24 bits of a node, group or
    /// counter index, then a position. The value is a position or an old value.
    struct Entry: BitwiseCopyable {
        var head: UInt64
        var value: Int
    }

    /// Bytes of each buffer that are retained between matches.
    private static let retainedBytes = 1 << 15

    // Exclusivity is not checked at run time for these buffers: no access to one calls code that accesses the same one.

    /// The start and end of each group; -1 if the group did not take part in the match.
    @exclusivity(unchecked) var captures = Buffer<Int>()
    /// The groups of the longest match found so far.
    @exclusivity(unchecked) var best = Buffer<Int>()
    /// For each counted loop: the position of its last entry times 4, plus the number of entries there.
    @exclusivity(unchecked) var counters = Buffer<Int>()
    @exclusivity(unchecked) var stack = Buffer<Entry>()
    /// The bits of the `BranchTable`.
    @exclusivity(unchecked) var table = Buffer<UInt8>()

    /// Reserves the memory that matching a pattern without a table needs.
    func prepare(_ pattern: RegularExpression, _ meter: inout WorkMeter) throws(WorkStop) {
        try unsafe captures.reserve(pattern.groupCount * 2, &meter)
        try unsafe best.reserve(pattern.groupCount * 2, &meter)
        try unsafe counters.reserve(pattern.counterCount, &meter)
        try unsafe stack.reserve(64, &meter)
    }

    /// Frees the memory that few matches need.
    func shrink(_ meter: inout WorkMeter) {
        let before = byteCount
        if before <= MatcherMemory.retainedBytes { return }
        unsafe captures.shrink(to: MatcherMemory.retainedBytes)
        unsafe best.shrink(to: MatcherMemory.retainedBytes)
        unsafe counters.shrink(to: MatcherMemory.retainedBytes)
        unsafe stack.shrink(to: MatcherMemory.retainedBytes)
        unsafe table.shrink(to: 0)
        // Memory that was retained from an earlier match was not counted at this meter.
        meter.release(bytes: min(meter.usedBytes, before - byteCount))
    }

    @inline(__always)
    private var byteCount: Int {
        unsafe captures.byteCount + best.byteCount + counters.byteCount + stack.byteCount + table.byteCount
    }
}
