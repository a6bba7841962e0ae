/// A compiled regular expression over bytes, in POSIX extended syntax as libstdc++ implements it.
///
/// The nodes form an automaton that `RegexMatcher` runs. Each node continues at `next`:
///
///     byte, set        consume one byte
///     choice           try `first`, then `next`: the two alternatives of `|`
///     loop             try `first`, then `next`: repeat the body, then leave the loop
///     run              a loop over a single set of bytes
///     open, close      record where a group begins or ends
///     start, end       match only at the start or end of the text
///     nothing, accept
package final class RegularExpression {
    enum Operation: UInt8, BitwiseCopyable {
        case byte, set, choice, loop, run, open, close, start, end, nothing, accept
    }

    /// A node, of sixteen bytes.
    struct Node: BitwiseCopyable {
        var operation: Operation
        private var branchHigh: UInt8 = 0
        private var branchLow: UInt16 = 0
        /// The byte of `byte`; the index of the set of `set` and `run`; the group of `open` and `close`; the counter of
        /// `loop`.
        var argument: UInt32
        var next: UInt32
        var first: UInt32

        init(
            operation: Operation, argument: UInt32 = RegularExpression.none, next: UInt32 = RegularExpression.none,
            first: UInt32 = RegularExpression.none
        ) {
            self.operation = operation
            self.argument = argument
            self.next = next
            self.first = first
        }

        /// The index of a `choice`, `loop` or `run` among these, in the matcher's table. It is less than 2^24, because
        /// there are at most `stateLimit` nodes.
        var branch: UInt32 {
            get { UInt32(branchHigh) << 16 | UInt32(branchLow) }
            set {
                branchHigh = UInt8(truncatingIfNeeded: newValue >> 16)
                branchLow = UInt16(truncatingIfNeeded: newValue)
            }
        }
    }

    /// Stands for no node and for no counter.
    static let none = UInt32.max
    /// The limit of libstdc++ on the states of a pattern (`_GLIBCXX_REGEX_STATE_LIMIT`).
    static let stateLimit = 100_000

    let nodes: Buffer<Node>
    /// The sets, with 256 bits each.
    let sets: Buffer<UInt64>
    let entry: UInt32
    /// The number of groups in parentheses.
    package let groupCount: Int
    /// The number of loops whose body matches the empty text. The matcher counts their entries at a position.
    let counterCount: Int
    /// The number of nodes at which the matcher may backtrack.
    let branchCount: Int
    /// Whether `|` occurs. A search then looks for the longest match; otherwise it takes the first.
    let hasChoice: Bool
    /// The bytes with which a match can begin.
    let firstBytes: ByteSet
    /// Whether the pattern can match the empty text.
    let isNullable: Bool
    /// The text of a pattern that is cached, by which the cache finds it. Exclusivity is not checked at run time: it is
    /// set once, before the pattern is in the cache.
    @exclusivity(unchecked) private var source: [UInt8] = []

    /// Keeps the text that the pattern was compiled from.
    func keepSource(_ source: ByteView) { unsafe self.source = source.array }

    /// Whether the pattern was compiled from a text, which `keepSource` kept.
    @inline(__always)
    func isCompiled(from source: ByteView) -> Bool { unsafe self.source.withView { $0.isEqual(source) } }

    /// - Parameters:
    ///   - nodes: the nodes, whose branches are numbered here.
    ///   - sets: the sets, of four words each.
    ///   - entry: the node at which a match begins.
    ///   - groupCount: number of groups.
    ///   - counterCount: number of loops with a counter.
    ///   - isNullable: whether the pattern can match the empty text.
    ///   - firstBytes: the bytes with which a match can begin.
    init(
        nodes: consuming Buffer<Node>, sets: consuming Buffer<UInt64>, entry: UInt32, groupCount: Int,
        counterCount: Int, isNullable: Bool, firstBytes: ByteSet
    ) {
        var branches: UInt32 = 0
        var hasChoice = false
        let view = nodes.view
        for index in 0..<view.count {
            switch view[index].operation {
            case .choice, .loop, .run:
                if view[index].operation == .choice { hasChoice = true }
                view[index].branch = branches
                branches += 1
            default: continue
            }
        }
        branchCount = Int(branches)
        self.hasChoice = hasChoice
        self.nodes = nodes
        self.sets = sets
        self.entry = entry
        self.groupCount = groupCount
        self.counterCount = counterCount
        self.isNullable = isNullable
        self.firstBytes = firstBytes
    }

    /// Bytes that the pattern takes.
    var byteCount: Int { nodes.byteCount + sets.byteCount + 160 }
}
