/// A regular expression, compiled: POSIX extended syntax as libstdc++ reads it, over bytes.
///
/// The nodes are an automaton without copies of what was tried: `RegexMatcher` walks it. What each node does, with
/// `next` as where it goes on:
///
///     byte, set        consume one byte
///     choice           first `first`, then `next`: the two sides of `|`
///     loop             first `first`, then `next`: what `*`, `+`, `?` and bounds repeat, and leaving it
///     run              a loop over one set of bytes
///     open, close      note where a group begins or ends
///     start, end       only at the text's start, end
///     nothing, accept
package final class RegularExpression {
    enum Operation: UInt8, BitwiseCopyable {
        case byte, set, choice, loop, run, open, close, start, end, nothing, accept
    }

    /// Sixteen bytes.
    struct Node: BitwiseCopyable {
        var operation: Operation
        private var branchHigh: UInt8 = 0
        private var branchLow: UInt16 = 0
        /// Of `byte` the byte, of `set` and `run` the set, of `open` and `close` the group, of `loop` its counter.
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

        /// Of `choice`, `loop` and `run`: their number among these, for the matcher's table. Less than 2^24, as there
        /// are no more than `stateLimit`.
        var branch: UInt32 {
            get { UInt32(branchHigh) << 16 | UInt32(branchLow) }
            set {
                branchHigh = UInt8(truncatingIfNeeded: newValue >> 16)
                branchLow = UInt16(truncatingIfNeeded: newValue)
            }
        }
    }

    /// No node, no counter.
    static let none = UInt32.max
    /// libstdc++'s bound on the states of one pattern (`_GLIBCXX_REGEX_STATE_LIMIT`).
    static let stateLimit = 100_000

    let nodes: Buffer<Node>
    /// 256 bits for each set.
    let sets: Buffer<UInt64>
    let entry: UInt32
    /// Groups in parentheses.
    package let groupCount: Int
    /// Loops whose body can be passed without a byte: the matcher counts how often each was entered at a place.
    let counterCount: Int
    /// Nodes that the matcher may have to try twice.
    let branchCount: Int
    /// Whether `|` occurs: then a search looks for the longest match, else it takes the first.
    let hasChoice: Bool
    /// Bytes a match can begin with.
    let firstBytes: ByteSet
    /// Whether the empty text can match somewhere.
    let isNullable: Bool

    /// - Parameter nodes: The branches among them are numbered here.
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

    /// Bytes that it takes.
    var byteCount: Int { nodes.byteCount + sets.byteCount + 160 }
}
