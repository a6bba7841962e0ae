/// Memory in which patterns are matched, used by one match after another.
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

    /// Start and end of each group, -1 if it took no part.
    var captures = Buffer<Int>()
    /// Those of the longest match found.
    var best = Buffer<Int>()
    /// For each counted loop the place it was last entered at, times 4, and how often there.
    var counters = Buffer<Int>()
    var stack = Buffer<Entry>()
    /// What is known of each branch at each place, two bits each.
    var table = Buffer<UInt8>()

    /// Makes room for what a pattern needs without a table.
    func prepare(_ pattern: Pattern, _ meter: inout WorkMeter) throws(WorkStop) {
        try captures.reserve(pattern.groupCount * 2, &meter)
        try best.reserve(pattern.groupCount * 2, &meter)
        try counters.reserve(pattern.counterCount, &meter)
        try stack.reserve(64, &meter)
    }

    /// Gives back what few matches need.
    func shrink() {
        captures.shrink(to: MatcherMemory.keptBytes)
        best.shrink(to: MatcherMemory.keptBytes)
        counters.shrink(to: MatcherMemory.keptBytes)
        stack.shrink(to: MatcherMemory.keptBytes)
        table.shrink(to: 0)
    }
}
