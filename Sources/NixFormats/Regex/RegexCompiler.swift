/// Why a text is not a valid pattern.
package enum RegexError: Error {
    case invalid
    /// The pattern has more states than libstdc++ allows.
    case tooLarge
    /// The budget or the memory is used up.
    case stopped(WorkStop)
}

/// Compiles a pattern in one pass, without native recursion.
///
///     pattern  = sequence { "|" sequence }
///     sequence = { "^" | "$" | atom { "*" | "+" | "?" | "{" number [ "," [ number ] ] "}" } }
///     atom     = byte | "." | "\" special | "[" ... "]" | "(" pattern ")"
///
/// Everything that this grammar does not derive is an error, such as a leading `*`, or a backslash before a byte that
/// is not special.
struct RegexCompiler: ~Copyable {
    /// A fragment of the automaton, as in Thompson's construction: its start node, the node whose `next` is not linked
    /// yet, and its first node by index. The later nodes all belong to it.
    struct Fragment {
        var start: UInt32
        var end: UInt32
        var firstNode: Int
        /// The number of states that libstdc++ needs for a copy.
        var states: Int
        /// Whether it matches the empty text.
        var isNullable: Bool
    }

    /// A group that is being read, or the whole pattern.
    private struct Level {
        /// The group's `open` node.
        var open: UInt32
        var group: UInt32
        /// The alternatives of `|` that are complete.
        var sides: Fragment?
        var sequence: Fragment?
        var firstNode: Int
    }

    let bytes: ByteView
    var position = 0
    var meter: WorkMeter
    private var sets = Buffer<UInt64>()
    private var knownSets: [ByteSet: UInt32] = [:]
    var nodes = Buffer<RegularExpression.Node>()
    private var levels: [Level] = []
    private var groupCount = 0
    var counterCount = 0
    /// The number of states that libstdc++ would have made so far.
    private var stateCount = 0

    /// Bytes for each entry of `knownSets`, including the growth of the hash table.
    private static let knownSetBytes = 160
    /// Bytes for each entry of `levels`, including the growth of the array.
    private static let levelBytes = 3 * MemoryLayout<Level>.stride

    /// Compiles a pattern. A unit of fuel is charged for each of its bytes, and one for every eight nodes that are
    /// copied.
    static func compile(_ bytes: ByteView, _ meter: inout WorkMeter) throws(RegexError) -> RegularExpression {
        let taken = meter.usedBytes
        var compiler = RegexCompiler(bytes: bytes, meter: meter)
        let result: Result<RegularExpression, RegexError>
        do throws(RegexError) {
            result = .success(try compiler.compile())
        } catch {
            result = .failure(error)
        }
        meter = compiler.meter
        if case .success = result { meter.release(bytes: meter.usedBytes - taken) }
        return try result.get()
    }

    private init(bytes: ByteView, meter: WorkMeter) {
        self.bytes = bytes
        self.meter = meter
    }

    var current: UInt8? { bytes.byte(at: position) }

    /// Charges units of fuel for the work that follows.
    mutating func charge(_ units: Int) throws(RegexError) {
        do throws(WorkStop) { try meter.charge(units) } catch { throw .stopped(error) }
    }

    mutating func reserve(_ bytes: Int) throws(RegexError) {
        do throws(WorkStop) { try meter.reserve(bytes: bytes) } catch { throw .stopped(error) }
    }

    mutating func compile() throws(RegexError) -> RegularExpression {
        try countStates(1)
        try reserve(RegexCompiler.levelBytes)
        levels.append(Level(open: RegularExpression.none, group: 0, firstNode: 0))
        while let byte = current {
            position += 1
            try charge(1)
            switch byte {
            case UInt8(ascii: "|"): try finishSide()
            case UInt8(ascii: "("): try openGroup()
            case UInt8(ascii: ")"): try closeGroup()
            case UInt8(ascii: "^"): append(try single(.start, isNullable: true))
            case UInt8(ascii: "$"): append(try single(.end, isNullable: true))
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"): throw .invalid
            default: append(try quantified(try atom(byte)))
            }
        }
        guard levels.count == 1 else { throw .invalid }
        let whole = try finishLevel()
        try countStates(2)
        let accept = try add(RegularExpression.Node(operation: .accept))
        link(whole.end, accept)
        try skipNothing()
        let entry = try skippingNothing(whole.start)
        let firstBytes = try firstBytes(entry)
        var finalNodes = Buffer<RegularExpression.Node>()
        swap(&finalNodes, &nodes)
        var finalSets = Buffer<UInt64>()
        swap(&finalSets, &sets)
        return RegularExpression(
            nodes: finalNodes, sets: finalSets, entry: entry, groupCount: groupCount,
            counterCount: counterCount, isNullable: whole.isNullable, firstBytes: firstBytes)
    }

    mutating func countStates(_ count: Int) throws(RegexError) {
        let (sum, overflow) = stateCount.addingReportingOverflow(count)
        if overflow || sum > RegularExpression.stateLimit { throw .tooLarge }
        stateCount = sum
    }

    mutating func add(_ node: RegularExpression.Node) throws(RegexError) -> UInt32 {
        do throws(WorkStop) { try nodes.append(node, &meter) } catch { throw .stopped(error) }
        return UInt32(truncatingIfNeeded: nodes.count - 1)
    }

    /// Sets the node that follows another one.
    func link(_ node: UInt32, _ next: UInt32) { nodes.view[Int(node)].next = next }

    mutating func single(
        _ operation: RegularExpression.Operation, _ argument: UInt32 = RegularExpression.none, isNullable: Bool = false
    ) throws(RegexError) -> Fragment {
        try countStates(1)
        let node = try add(RegularExpression.Node(operation: operation, argument: argument))
        return Fragment(start: node, end: node, firstNode: Int(node), states: 1, isNullable: isNullable)
    }

    /// Appends a fragment to the current sequence.
    mutating func append(_ fragment: Fragment) {
        let top = levels.count - 1
        guard let sequence = levels[top].sequence else {
            levels[top].sequence = fragment
            return
        }
        levels[top].sequence = join(sequence, fragment)
    }

    mutating func join(_ a: Fragment, _ b: Fragment) -> Fragment {
        link(a.end, b.start)
        return Fragment(
            start: a.start, end: b.end, firstNode: a.firstNode, states: a.states + b.states,
            isNullable: a.isNullable && b.isNullable)
    }

    // MARK: Atoms

    mutating func atom(_ byte: UInt8) throws(RegexError) -> Fragment {
        switch byte {
        case UInt8(ascii: "."): return try single(.set, try set(.any))
        case UInt8(ascii: "["): return try single(.set, try set(try bracketExpression()))
        case UInt8(ascii: "\\"):
            guard let escaped = current, RegexCompiler.special.contains(escaped) else { throw .invalid }
            position += 1
            return try single(.byte, UInt32(escaped))
        default: return try single(.byte, UInt32(byte))
        }
    }

    /// The bytes that a backslash can escape.
    private static let special = Array(".[\\()*+?{|^$".utf8)

    /// The index of a set, which is shared by equal ones.
    mutating func set(_ set: ByteSet) throws(RegexError) -> UInt32 {
        if let known = knownSets[set] { return known }
        try charge(2)
        try reserve(RegexCompiler.knownSetBytes)
        let number = UInt32(truncatingIfNeeded: sets.count / 4)
        do throws(WorkStop) { try set.append(to: &sets, &meter) } catch { throw .stopped(error) }
        knownSets[set] = number
        return number
    }

    // MARK: Groups and alternatives

    mutating func openGroup() throws(RegexError) {
        try countStates(1)
        let group = UInt32(truncatingIfNeeded: groupCount)
        groupCount += 1
        let open = try add(RegularExpression.Node(operation: .open, argument: group))
        try reserve(RegexCompiler.levelBytes)
        levels.append(Level(open: open, group: group, firstNode: Int(open)))
    }

    mutating func closeGroup() throws(RegexError) {
        guard levels.count > 1 else { throw .invalid }
        let body = try finishLevel()
        let level = levels.removeLast()
        meter.release(bytes: RegexCompiler.levelBytes)
        try countStates(1)
        let close = try add(RegularExpression.Node(operation: .close, argument: level.group))
        link(level.open, body.start)
        link(body.end, close)
        append(
            try quantified(
                Fragment(
                    start: level.open, end: close, firstNode: level.firstNode, states: body.states + 2,
                    isNullable: body.isNullable)))
    }

    /// Completes the current sequence. As in libstdc++, it ends with a node that does nothing; an empty sequence is
    /// only that node.
    mutating func finishSequence() throws(RegexError) -> Fragment {
        let top = levels.count - 1
        let end = try single(.nothing, isNullable: true)
        guard let sequence = levels[top].sequence else { return end }
        levels[top].sequence = nil
        return join(sequence, end)
    }

    mutating func finishSide() throws(RegexError) {
        levels[levels.count - 1].sides = try finishLevel()
    }

    /// Completes the current sequence and joins it to the alternatives before it.
    mutating func finishLevel() throws(RegexError) -> Fragment {
        let side = try finishSequence()
        guard let sides = levels[levels.count - 1].sides else { return side }
        try countStates(2)
        let end = try add(RegularExpression.Node(operation: .nothing))
        link(sides.end, end)
        link(side.end, end)
        let choice = try add(RegularExpression.Node(operation: .choice, next: side.start, first: sides.start))
        return Fragment(
            start: choice, end: end, firstNode: sides.firstNode, states: sides.states + side.states + 2,
            isNullable: sides.isNullable || side.isNullable)
    }

    // MARK: Removing nodes that do nothing

    mutating func skippingNothing(_ index: UInt32) throws(RegexError) -> UInt32 {
        var index = index
        while index != RegularExpression.none, nodes[Int(index)].operation == .nothing {
            try charge(1)
            index = nodes[Int(index)].next
        }
        return index
    }

    mutating func skipNothing() throws(RegexError) {
        // In descending order the chains are short: most lead to a node whose own links are final.
        for index in (0..<nodes.count).reversed() {
            nodes[index].next = try skippingNothing(nodes[index].next)
            nodes[index].first = try skippingNothing(nodes[index].first)
        }
    }

    /// The bytes that can be consumed first: those of the nodes that are reachable without consuming one.
    mutating func firstBytes(_ entry: UInt32) throws(RegexError) -> ByteSet {
        do throws(WorkStop) {
            var result = ByteSet()
            var seen = Buffer<Bool>()
            try seen.fill(nodes.count, with: false, &meter)
            var work = Buffer<UInt32>()
            try work.append(entry, &meter)
            while work.count > 0 {
                let index = work[work.count - 1]
                work.removeLast(1)
                if index == RegularExpression.none || seen[Int(index)] { continue }
                try meter.charge(1)
                seen[Int(index)] = true
                let node = nodes[Int(index)]
                switch node.operation {
                case .byte: result.insert(UInt8(truncatingIfNeeded: node.argument))
                case .set: result.formUnion(ByteSet(sets.view, at: Int(node.argument) * 4))
                case .choice, .loop, .run:
                    try work.append(node.first, &meter)
                    try work.append(node.next, &meter)
                default: try work.append(node.next, &meter)
                }
            }
            return result
        } catch { throw .stopped(error) }
    }
}
