/// Why a text is no pattern.
package enum PatternError: Error {
    case invalid
    /// More states than libstdc++ admits.
    case tooLarge
}

/// Reads a pattern, without native recursion, and links the nodes as it goes.
///
///     pattern  = sequence { "|" sequence }
///     sequence = { "^" | "$" | atom { "*" | "+" | "?" | "{" number [ "," [ number ] ] "}" } }
///     atom     = byte | "." | "\" special | "[" ... "]" | "(" pattern ")"
///
/// What stands in no place of this grammar is an error, as `*` at the start; so is a backslash before a byte that is
/// not special.
struct PatternCompiler {
    /// A part of the automaton: where it begins, the node whose `next` is still open, and the first of its nodes, from
    /// which on all are its own.
    struct Fragment {
        var start: UInt32
        var end: UInt32
        var firstNode: Int
        /// States that libstdc++ would need to copy it.
        var states: Int
        /// Whether it can be passed without consuming a byte.
        var isNullable: Bool
    }

    /// A group being read, or the whole pattern.
    private struct Level {
        /// The group's `open` node.
        var open: UInt32
        var group: UInt32
        /// The sides of `|` that are complete.
        var sides: Fragment?
        var sequence: Fragment?
        var firstNode: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    var place = 0
    var sets: [ByteSet] = []
    private var nodes: [Pattern.Node] = []
    private var levels: [Level] = []
    private var groupCount = 0
    private var counterCount = 0
    /// States that libstdc++ would have made so far.
    private var stateCount = 0

    static func compile(_ bytes: UnsafeBufferPointer<UInt8>) throws(PatternError) -> Pattern {
        var compiler = PatternCompiler(bytes: bytes)
        return try compiler.compile()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var current: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func compile() throws(PatternError) -> Pattern {
        try countStates(1)
        levels.append(Level(open: Pattern.none, group: 0, firstNode: 0))
        while let byte = current {
            place += 1
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
        let accept = add(Pattern.Node(operation: .accept))
        nodes[Int(whole.end)].next = accept
        skipNothing()
        return Pattern(
            nodes: nodes, sets: sets, entry: skippingNothing(whole.start), groupCount: groupCount,
            counterCount: counterCount, isNullable: whole.isNullable)
    }

    private mutating func countStates(_ count: Int) throws(PatternError) {
        let (sum, overflow) = stateCount.addingReportingOverflow(count)
        if overflow || sum > Pattern.stateLimit { throw .tooLarge }
        stateCount = sum
    }

    private mutating func add(_ node: Pattern.Node) -> UInt32 {
        nodes.append(node)
        return UInt32(truncatingIfNeeded: nodes.count - 1)
    }

    private mutating func single(
        _ operation: Pattern.Operation, _ argument: UInt32 = Pattern.none, isNullable: Bool = false
    ) throws(PatternError) -> Fragment {
        try countStates(1)
        let node = add(Pattern.Node(operation: operation, argument: argument))
        return Fragment(start: node, end: node, firstNode: Int(node), states: 1, isNullable: isNullable)
    }

    /// Puts a fragment after the sequence being read.
    private mutating func append(_ fragment: Fragment) {
        let top = levels.count - 1
        guard let sequence = levels[top].sequence else {
            levels[top].sequence = fragment
            return
        }
        levels[top].sequence = join(sequence, fragment)
    }

    private mutating func join(_ a: Fragment, _ b: Fragment) -> Fragment {
        nodes[Int(a.end)].next = b.start
        return Fragment(
            start: a.start, end: b.end, firstNode: a.firstNode, states: a.states + b.states,
            isNullable: a.isNullable && b.isNullable)
    }

    // MARK: Atoms

    private mutating func atom(_ byte: UInt8) throws(PatternError) -> Fragment {
        switch byte {
        case UInt8(ascii: "."): return try single(.set, set(.any))
        case UInt8(ascii: "["): return try single(.set, set(try bracketExpression()))
        case UInt8(ascii: "\\"):
            guard let escaped = current, PatternCompiler.special.contains(escaped) else { throw .invalid }
            place += 1
            return try single(.byte, UInt32(escaped))
        default: return try single(.byte, UInt32(byte))
        }
    }

    /// What a backslash may stand before.
    private static let special = Array(".[\\()*+?{|^$".utf8)

    private mutating func set(_ set: ByteSet) -> UInt32 {
        if let known = sets.firstIndex(of: set) { return UInt32(truncatingIfNeeded: known) }
        sets.append(set)
        return UInt32(truncatingIfNeeded: sets.count - 1)
    }

    // MARK: Groups and sides

    private mutating func openGroup() throws(PatternError) {
        try countStates(1)
        let group = UInt32(truncatingIfNeeded: groupCount)
        groupCount += 1
        let open = add(Pattern.Node(operation: .open, argument: group))
        levels.append(Level(open: open, group: group, firstNode: Int(open)))
    }

    private mutating func closeGroup() throws(PatternError) {
        guard levels.count > 1 else { throw .invalid }
        let body = try finishLevel()
        let level = levels.removeLast()
        try countStates(1)
        let close = add(Pattern.Node(operation: .close, argument: level.group))
        nodes[Int(level.open)].next = body.start
        nodes[Int(body.end)].next = close
        append(
            try quantified(
                Fragment(
                    start: level.open, end: close, firstNode: level.firstNode, states: body.states + 2,
                    isNullable: body.isNullable)))
    }

    /// Ends the sequence being read; an empty one is a node that does nothing. libstdc++ ends every sequence with such.
    private mutating func finishSequence() throws(PatternError) -> Fragment {
        let top = levels.count - 1
        let end = try single(.nothing, isNullable: true)
        guard let sequence = levels[top].sequence else { return end }
        levels[top].sequence = nil
        return join(sequence, end)
    }

    private mutating func finishSide() throws(PatternError) {
        levels[levels.count - 1].sides = try finishLevel()
    }

    /// Joins the sequence being read to the sides before it.
    private mutating func finishLevel() throws(PatternError) -> Fragment {
        let side = try finishSequence()
        guard let sides = levels[levels.count - 1].sides else { return side }
        try countStates(2)
        let end = add(Pattern.Node(operation: .nothing))
        nodes[Int(sides.end)].next = end
        nodes[Int(side.end)].next = end
        let choice = add(Pattern.Node(operation: .choice, next: side.start, first: sides.start))
        return Fragment(
            start: choice, end: end, firstNode: sides.firstNode, states: sides.states + side.states + 2,
            isNullable: sides.isNullable || side.isNullable)
    }

    // MARK: Repetition

    private mutating func quantified(_ atom: Fragment) throws(PatternError) -> Fragment {
        var fragment = atom
        while let byte = current {
            switch byte {
            case UInt8(ascii: "*"): fragment = try repeated(fragment)
            case UInt8(ascii: "+"):
                let loop = try loopNode(over: fragment)
                nodes[Int(fragment.end)].next = loop
                fragment.end = loop
                fragment.states += 1
            case UInt8(ascii: "?"): fragment = try optional(fragment)
            case UInt8(ascii: "{"):
                place += 1
                fragment = try bounded(fragment)
                continue
            default: return fragment
            }
            place += 1
        }
        return fragment
    }

    /// A loop whose body begins where the fragment does; leaving it is still open.
    private mutating func loopNode(over body: Fragment) throws(PatternError) -> UInt32 {
        try countStates(1)
        if body.firstNode == nodes.count - 1, let set = setOf(nodes[body.firstNode]) {
            return add(Pattern.Node(operation: .run, argument: set, first: body.start))
        }
        return add(Pattern.Node(operation: .loop, argument: counter(body), first: body.start))
    }

    private mutating func counter(_ body: Fragment) -> UInt32 {
        if !body.isNullable { return Pattern.none }
        counterCount += 1
        return UInt32(truncatingIfNeeded: counterCount - 1)
    }

    /// The bytes a single node consumes.
    private mutating func setOf(_ node: Pattern.Node) -> UInt32? {
        switch node.operation {
        case .set: return node.argument
        case .byte: return set(ByteSet { UInt32($0) == node.argument })
        default: return nil
        }
    }

    private mutating func repeated(_ body: Fragment) throws(PatternError) -> Fragment {
        let loop = try loopNode(over: body)
        nodes[Int(body.end)].next = loop
        return Fragment(
            start: loop, end: loop, firstNode: body.firstNode, states: body.states + 1, isNullable: true)
    }

    private mutating func optional(_ body: Fragment) throws(PatternError) -> Fragment {
        try countStates(2)
        let end = add(Pattern.Node(operation: .nothing))
        let loop = add(Pattern.Node(operation: .loop, argument: counter(body), next: end, first: body.start))
        nodes[Int(body.end)].next = end
        return Fragment(start: loop, end: end, firstNode: body.firstNode, states: body.states + 2, isNullable: true)
    }

    /// After `{`: as many copies as are needed, then a loop or optional copies, each of which is inside the one before.
    private mutating func bounded(_ body: Fragment) throws(PatternError) -> Fragment {
        guard let least = number() else { throw .invalid }
        var most: Int? = least
        if current == UInt8(ascii: ",") {
            place += 1
            most = number()
        }
        guard current == UInt8(ascii: "}") else { throw .invalid }
        place += 1
        try countStates(1 + multiplied(least, body.states))
        if let most, most < least { throw .invalid }
        let optionals = most.map { $0 - least }
        try countStates(optionals.map { 1 + multiplied($0, body.states + 1) } ?? body.states + 1)
        return copies(of: body, least: least, optionals: optionals)
    }

    private func multiplied(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? Pattern.stateLimit + 1 : min(product, Pattern.stateLimit + 1)
    }

    private mutating func copies(of body: Fragment, least: Int, optionals: Int?) -> Fragment {
        let template = Array(nodes[body.firstNode...])
        nodes.removeSubrange(body.firstNode...)
        let start = add(Pattern.Node(operation: .nothing))
        var result = Fragment(start: start, end: start, firstNode: Int(start), states: 1, isNullable: true)
        for _ in 0..<least { result = join(result, copy(template, of: body)) }
        guard let optionals else { return join(result, loopOver(copy(template, of: body))) }
        let end = add(Pattern.Node(operation: .nothing))
        for _ in 0..<optionals {
            let part = copy(template, of: body)
            let loop = add(Pattern.Node(operation: .loop, argument: counter(body), next: end, first: part.start))
            nodes[Int(result.end)].next = loop
            result.end = part.end
            result.states += part.states + 1
        }
        nodes[Int(result.end)].next = end
        result.end = end
        result.states += 1
        return result
    }

    /// `repeated` of a copy that was counted before.
    private mutating func loopOver(_ body: Fragment) -> Fragment {
        let isSingle = body.firstNode == nodes.count - 1
        let set = isSingle ? setOf(nodes[body.firstNode]) : nil
        let loop =
            set.map { add(Pattern.Node(operation: .run, argument: $0, first: body.start)) }
            ?? add(Pattern.Node(operation: .loop, argument: counter(body), first: body.start))
        nodes[Int(body.end)].next = loop
        return Fragment(start: loop, end: loop, firstNode: body.firstNode, states: body.states + 1, isNullable: true)
    }

    private mutating func copy(_ template: [Pattern.Node], of body: Fragment) -> Fragment {
        let shift = UInt32(truncatingIfNeeded: nodes.count) &- UInt32(truncatingIfNeeded: body.firstNode)
        let firstNode = nodes.count
        for var node in template {
            if node.next != Pattern.none { node.next &+= shift }
            if node.first != Pattern.none { node.first &+= shift }
            if node.operation == .loop, node.argument != Pattern.none {
                node.argument = UInt32(truncatingIfNeeded: counterCount)
                counterCount += 1
            }
            nodes.append(node)
        }
        return Fragment(
            start: body.start &+ shift, end: body.end &+ shift, firstNode: firstNode, states: body.states,
            isNullable: body.isNullable)
    }

    /// A decimal number; one too large for any pattern is cut.
    private mutating func number() -> Int? {
        var value: Int?
        while let digit = current, digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
            value = min((value ?? 0) * 10 + Int(digit - UInt8(ascii: "0")), Pattern.stateLimit * 10)
            place += 1
        }
        return value
    }

    // MARK: Nodes that do nothing

    private func skippingNothing(_ index: UInt32) -> UInt32 {
        var index = index
        while index != Pattern.none, nodes[Int(index)].operation == .nothing { index = nodes[Int(index)].next }
        return index
    }

    private mutating func skipNothing() {
        // From the last to the first: chains are short, since most lead to a node whose own were skipped.
        for index in nodes.indices.reversed() {
            nodes[index].next = skippingNothing(nodes[index].next)
            nodes[index].first = skippingNothing(nodes[index].first)
        }
    }
}
