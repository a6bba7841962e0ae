/// A regular expression, compiled: POSIX extended syntax as libstdc++ reads it, over bytes.
///
/// The nodes are an automaton without copies of what was tried: `PatternMatcher` walks it. What each node does, with
/// `next` as where it goes on:
///
///     byte, set        consume one byte
///     choice           first `first`, then `next`: the two sides of `|`
///     loop             first `first`, then `next`: what `*`, `+`, `?` and bounds repeat, and leaving it
///     run              a loop over one set of bytes
///     open, close      note where a group begins or ends
///     start, end       only at the text's start, end
///     nothing, accept
package final class Pattern {
    enum Operation: UInt8 {
        case byte, set, choice, loop, run, open, close, start, end, nothing, accept
    }

    struct Node {
        var operation: Operation
        /// Of `byte` the byte, of `set` and `run` the set, of `open` and `close` the group, of `loop` its counter.
        var argument = Pattern.none
        var next = Pattern.none
        var first = Pattern.none
        /// Of `choice`, `loop` and `run`: their number among these, for the matcher's table.
        var branch: UInt32 = 0
    }

    /// No node, no counter.
    static let none = UInt32.max
    /// libstdc++'s bound on the states of one pattern (`_GLIBCXX_REGEX_STATE_LIMIT`).
    static let stateLimit = 100_000

    let nodes: UnsafeMutablePointer<Node>
    package let nodeCount: Int
    /// 256 bits for each set.
    let sets: UnsafeMutablePointer<UInt64>
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

    init(
        nodes: [Node], sets: [ByteSet], entry: UInt32, groupCount: Int, counterCount: Int, isNullable: Bool
    ) {
        var nodes = nodes
        var branches: UInt32 = 0
        for index in nodes.indices where [.choice, .loop, .run].contains(nodes[index].operation) {
            nodes[index].branch = branches
            branches += 1
        }
        nodeCount = nodes.count
        branchCount = Int(branches)
        hasChoice = nodes.contains { $0.operation == .choice }
        self.nodes = .allocate(capacity: nodes.count)
        self.nodes.initialize(from: nodes, count: nodes.count)
        self.sets = .allocate(capacity: max(1, sets.count * 4))
        for (index, set) in sets.enumerated() { set.store(self.sets + index * 4) }
        self.entry = entry
        self.groupCount = groupCount
        self.counterCount = counterCount
        self.isNullable = isNullable
        firstBytes = Pattern.firstBytes(nodes, sets, entry)
    }

    deinit {
        nodes.deallocate()
        sets.deallocate()
    }

    /// The bytes of all nodes that can be reached without one.
    private static func firstBytes(_ nodes: [Node], _ sets: [ByteSet], _ entry: UInt32) -> ByteSet {
        var result = ByteSet()
        var seen = [Bool](repeating: false, count: nodes.count)
        var work = [entry]
        while let index = work.popLast() {
            if index == none || seen[Int(index)] { continue }
            seen[Int(index)] = true
            let node = nodes[Int(index)]
            switch node.operation {
            case .byte: result.insert(UInt8(truncatingIfNeeded: node.argument))
            case .set: result.formUnion(sets[Int(node.argument)])
            case .choice, .loop, .run: work += [node.first, node.next]
            default: work.append(node.next)
            }
        }
        return result
    }
}

/// A set of bytes.
package struct ByteSet: Equatable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// Every byte but the one no string of Nix holds.
    static let any: ByteSet = {
        var set = ByteSet()
        set.insert(0)
        return set.inverted
    }()

    package init() {}

    init(_ contains: (UInt8) -> Bool) {
        for byte in UInt8.min...UInt8.max where contains(byte) { insert(byte) }
    }

    package mutating func insert(_ byte: UInt8) {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    package func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(byte & 63) & 1 != 0
    }

    mutating func formUnion(_ other: ByteSet) {
        words = (
            words.0 | other.words.0, words.1 | other.words.1, words.2 | other.words.2, words.3 | other.words.3
        )
    }

    var inverted: ByteSet {
        var result = self
        result.words = (~words.0, ~words.1, ~words.2, ~words.3)
        return result
    }

    func store(_ target: UnsafeMutablePointer<UInt64>) {
        (target[0], target[1], target[2], target[3]) = words
    }

    package static func == (a: ByteSet, b: ByteSet) -> Bool { a.words == b.words }
}
