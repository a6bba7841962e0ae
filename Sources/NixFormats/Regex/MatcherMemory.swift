/// Memory in which patterns are matched. It goes from one match to the next.
///
/// A little stays from each to the next, so that matching a short text allocates nothing; the rest is given back.
final class MatcherMemory {
    /// What is on the stack: something to undo, or another way to try.
    enum Kind: UInt64 {
        case capture, counter, loop, run, choice, otherSide, completes
    }

    /// Kind in the lowest byte, then 24 bits of node, group bound or counter, then a place; another place or value.
    struct Entry: BitwiseCopyable {
        var head: UInt64
        var value: Int
    }

    /// Bytes of each part that stay between matches.
    private static let keptBytes = 1 << 15

    // Nothing that uses one part calls what uses it, too, so that looking out for that at run time would be in vain.

    /// Start and end of each group, -1 if it took no part.
    @exclusivity(unchecked) var captures = Buffer<Int>()
    /// Those of the longest match found.
    @exclusivity(unchecked) var best = Buffer<Int>()
    /// For each counted loop the place it was last entered at, times 4, and how often there.
    @exclusivity(unchecked) var counters = Buffer<Int>()
    @exclusivity(unchecked) var stack = Buffer<Entry>()
    /// What is known of each branch at each place, two bits each.
    @exclusivity(unchecked) var table = Buffer<UInt8>()

    /// Makes room for what a pattern needs without a table.
    func prepare(_ pattern: RegularExpression, _ meter: inout WorkMeter) throws(WorkStop) {
        try unsafe captures.reserve(pattern.groupCount * 2, &meter)
        try unsafe best.reserve(pattern.groupCount * 2, &meter)
        try unsafe counters.reserve(pattern.counterCount, &meter)
        try unsafe stack.reserve(64, &meter)
    }

    /// Gives back what few matches need.
    func shrink(_ meter: inout WorkMeter) {
        let before = byteCount
        if before <= MatcherMemory.keptBytes { return }
        unsafe captures.shrink(to: MatcherMemory.keptBytes)
        unsafe best.shrink(to: MatcherMemory.keptBytes)
        unsafe counters.shrink(to: MatcherMemory.keptBytes)
        unsafe stack.shrink(to: MatcherMemory.keptBytes)
        unsafe table.shrink(to: 0)
        // What was there at the start was not counted.
        meter.release(bytes: min(meter.taken, before - byteCount))
    }

    @inline(__always)
    private var byteCount: Int {
        unsafe captures.byteCount + best.byteCount + counters.byteCount + stack.byteCount + table.byteCount
    }
}
