/// Why a text is no pattern.
package enum PatternError: Error {
    case invalid
    /// More states than libstdc++ admits.
    case tooLarge
    /// The budget or the memory for it is used up.
    case stopped(WorkStop)
}

/// Reads a pattern, without native recursion, and links the nodes as it goes.
///
///     pattern  = sequence { "|" sequence }
///     sequence = { "^" | "$" | atom { "*" | "+" | "?" | "{" number [ "," [ number ] ] "}" } }
///     atom     = byte | "." | "\" special | "[" ... "]" | "(" pattern ")"
///
/// What stands in no place of this grammar is an error, as `*` at the start; so is a backslash before a byte that is
/// not special.
struct PatternCompiler: ~Copyable {
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

    let bytes: ByteView
    var place = 0
    private var meter: WorkMeter
    private var sets = Buffer<UInt64>()
    private var knownSets: [ByteSet: UInt32] = [:]
    private var nodes = Buffer<Pattern.Node>()
    private var levels: [Level] = []
    private var groupCount = 0
    private var counterCount = 0
    /// States that libstdc++ would have made so far.
    private var stateCount = 0

    /// Bytes that an entry of `knownSets` takes while the table grows.
    private static let knownSetBytes = 160
    /// Bytes that an entry of `levels` takes while the array grows.
    private static let levelBytes = 3 * MemoryLayout<Level>.stride

    /// Compiles a pattern: a unit for each of its bytes, and one for every eight nodes that are copied.
    static func compile(_ bytes: ByteView, _ meter: inout WorkMeter) throws(PatternError) -> Pattern {
        let taken = meter.taken
        var compiler = PatternCompiler(bytes: bytes, meter: meter)
        let result: Result<Pattern, PatternError>
        do throws(PatternError) {
            result = .success(try compiler.compile())
        } catch {
            result = .failure(error)
        }
        meter = compiler.meter
        if case .success = result { meter.release(bytes: meter.taken - taken) }
        return try result.get()
    }

    private init(bytes: ByteView, meter: WorkMeter) {
        self.bytes = bytes
        self.meter = meter
    }

    var current: UInt8? { bytes.byte(at: place) }

    /// Charges units for what is done next.
    mutating func charge(_ units: Int) throws(PatternError) {
        do throws(WorkStop) { try meter.charge(units) } catch { throw .stopped(error) }
    }

    private mutating func take(_ bytes: Int) throws(PatternError) {
        do throws(WorkStop) { try meter.take(bytes: bytes) } catch { throw .stopped(error) }
    }

    private mutating func compile() throws(PatternError) -> Pattern {
        try countStates(1)
        try take(PatternCompiler.levelBytes)
        levels.append(Level(open: Pattern.none, group: 0, firstNode: 0))
        while let byte = current {
            place += 1
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
        let accept = try add(Pattern.Node(operation: .accept))
        link(whole.end, accept)
        try skipNothing()
        let entry = try skippingNothing(whole.start)
        let firstBytes = try firstBytes(entry)
        var finalNodes = Buffer<Pattern.Node>()
        swap(&finalNodes, &nodes)
        var finalSets = Buffer<UInt64>()
        swap(&finalSets, &sets)
        return Pattern(
            nodes: finalNodes, sets: finalSets, entry: entry, groupCount: groupCount,
            counterCount: counterCount, isNullable: whole.isNullable, firstBytes: firstBytes)
    }

    private mutating func countStates(_ count: Int) throws(PatternError) {
        let (sum, overflow) = stateCount.addingReportingOverflow(count)
        if overflow || sum > Pattern.stateLimit { throw .tooLarge }
        stateCount = sum
    }

    private mutating func add(_ node: Pattern.Node) throws(PatternError) -> UInt32 {
        do throws(WorkStop) { try nodes.append(node, &meter) } catch { throw .stopped(error) }
        return UInt32(truncatingIfNeeded: nodes.count - 1)
    }

    /// Lets a node go on at another.
    private func link(_ node: UInt32, _ next: UInt32) { nodes.view[Int(node)].next = next }

    private mutating func single(
        _ operation: Pattern.Operation, _ argument: UInt32 = Pattern.none, isNullable: Bool = false
    ) throws(PatternError) -> Fragment {
        try countStates(1)
        let node = try add(Pattern.Node(operation: operation, argument: argument))
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
        link(a.end, b.start)
        return Fragment(
            start: a.start, end: b.end, firstNode: a.firstNode, states: a.states + b.states,
            isNullable: a.isNullable && b.isNullable)
    }

    // MARK: Atoms

    private mutating func atom(_ byte: UInt8) throws(PatternError) -> Fragment {
        switch byte {
        case UInt8(ascii: "."): return try single(.set, try set(.any))
        case UInt8(ascii: "["): return try single(.set, try set(try bracketExpression()))
        case UInt8(ascii: "\\"):
            guard let escaped = current, PatternCompiler.special.contains(escaped) else { throw .invalid }
            place += 1
            return try single(.byte, UInt32(escaped))
        default: return try single(.byte, UInt32(byte))
        }
    }

    /// What a backslash may stand before.
    private static let special = Array(".[\\()*+?{|^$".utf8)

    /// The number of a set, the same for equal ones.
    private mutating func set(_ set: ByteSet) throws(PatternError) -> UInt32 {
        if let known = knownSets[set] { return known }
        try charge(2)
        try take(PatternCompiler.knownSetBytes)
        let number = UInt32(truncatingIfNeeded: sets.count / 4)
        do throws(WorkStop) { try set.append(to: &sets, &meter) } catch { throw .stopped(error) }
        knownSets[set] = number
        return number
    }

    // MARK: Groups and sides

    private mutating func openGroup() throws(PatternError) {
        try countStates(1)
        let group = UInt32(truncatingIfNeeded: groupCount)
        groupCount += 1
        let open = try add(Pattern.Node(operation: .open, argument: group))
        try take(PatternCompiler.levelBytes)
        levels.append(Level(open: open, group: group, firstNode: Int(open)))
    }

    private mutating func closeGroup() throws(PatternError) {
        guard levels.count > 1 else { throw .invalid }
        let body = try finishLevel()
        let level = levels.removeLast()
        meter.release(bytes: PatternCompiler.levelBytes)
        try countStates(1)
        let close = try add(Pattern.Node(operation: .close, argument: level.group))
        link(level.open, body.start)
        link(body.end, close)
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
        let end = try add(Pattern.Node(operation: .nothing))
        link(sides.end, end)
        link(side.end, end)
        let choice = try add(Pattern.Node(operation: .choice, next: side.start, first: sides.start))
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
                link(fragment.end, loop)
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
        if body.firstNode == nodes.count - 1, let set = try setOf(nodes[body.firstNode]) {
            return try add(Pattern.Node(operation: .run, argument: set, first: body.start))
        }
        return try add(Pattern.Node(operation: .loop, argument: counter(body), first: body.start))
    }

    private mutating func counter(_ body: Fragment) -> UInt32 {
        if !body.isNullable { return Pattern.none }
        counterCount += 1
        return UInt32(truncatingIfNeeded: counterCount - 1)
    }

    /// The bytes a single node consumes.
    private mutating func setOf(_ node: Pattern.Node) throws(PatternError) -> UInt32? {
        switch node.operation {
        case .set: return node.argument
        case .byte:
            var bytes = ByteSet()
            bytes.insert(UInt8(truncatingIfNeeded: node.argument))
            return try set(bytes)
        default: return nil
        }
    }

    private mutating func repeated(_ body: Fragment) throws(PatternError) -> Fragment {
        let loop = try loopNode(over: body)
        link(body.end, loop)
        return Fragment(
            start: loop, end: loop, firstNode: body.firstNode, states: body.states + 1, isNullable: true)
    }

    private mutating func optional(_ body: Fragment) throws(PatternError) -> Fragment {
        try countStates(2)
        let end = try add(Pattern.Node(operation: .nothing))
        let loop = try add(Pattern.Node(operation: .loop, argument: counter(body), next: end, first: body.start))
        link(body.end, end)
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
        return try copies(of: body, least: least, optionals: optionals)
    }

    private func multiplied(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? Pattern.stateLimit + 1 : min(product, Pattern.stateLimit + 1)
    }

    private mutating func copies(of body: Fragment, least: Int, optionals: Int?) throws(PatternError) -> Fragment {
        let template = try takeNodes(from: body.firstNode)
        let start = try add(Pattern.Node(operation: .nothing))
        var result = Fragment(start: start, end: start, firstNode: Int(start), states: 1, isNullable: true)
        for _ in 0..<least { result = join(result, try copy(template, of: body)) }
        guard let optionals else { return join(result, try loopOver(try copy(template, of: body))) }
        let end = try add(Pattern.Node(operation: .nothing))
        for _ in 0..<optionals {
            let part = try copy(template, of: body)
            let loop = try add(Pattern.Node(operation: .loop, argument: counter(body), next: end, first: part.start))
            link(result.end, loop)
            result.end = part.end
            result.states += part.states + 1
        }
        link(result.end, end)
        result.end = end
        result.states += 1
        return result
    }

    /// Takes the last nodes away.
    private mutating func takeNodes(from first: Int) throws(PatternError) -> Buffer<Pattern.Node> {
        let count = nodes.count - first
        try charge(1 + count / 8)
        var taken = Buffer<Pattern.Node>()
        do throws(WorkStop) {
            try taken.reserve(count, &meter)
            for index in first..<nodes.count { try taken.append(nodes[index], &meter) }
        } catch { throw .stopped(error) }
        nodes.removeLast(count)
        return taken
    }

    /// `repeated` of a copy that was counted before.
    private mutating func loopOver(_ body: Fragment) throws(PatternError) -> Fragment {
        let isSingle = body.firstNode == nodes.count - 1
        let loop: UInt32
        if isSingle, let set = try setOf(nodes[body.firstNode]) {
            loop = try add(Pattern.Node(operation: .run, argument: set, first: body.start))
        } else {
            loop = try add(Pattern.Node(operation: .loop, argument: counter(body), first: body.start))
        }
        link(body.end, loop)
        return Fragment(start: loop, end: loop, firstNode: body.firstNode, states: body.states + 1, isNullable: true)
    }

    private mutating func copy(
        _ template: borrowing Buffer<Pattern.Node>, of body: Fragment
    ) throws(PatternError) -> Fragment {
        try charge(1 + template.count / 8)
        let shift = UInt32(truncatingIfNeeded: nodes.count) &- UInt32(truncatingIfNeeded: body.firstNode)
        let firstNode = nodes.count
        for index in 0..<template.count {
            var node = template[index]
            if node.next != Pattern.none { node.next &+= shift }
            if node.first != Pattern.none { node.first &+= shift }
            if node.operation == .loop, node.argument != Pattern.none {
                node.argument = UInt32(truncatingIfNeeded: counterCount)
                counterCount += 1
            }
            _ = try add(node)
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

    private mutating func skippingNothing(_ index: UInt32) throws(PatternError) -> UInt32 {
        var index = index
        while index != Pattern.none, nodes[Int(index)].operation == .nothing {
            try charge(1)
            index = nodes[Int(index)].next
        }
        return index
    }

    private mutating func skipNothing() throws(PatternError) {
        // From the last to the first: chains are short, since most lead to a node whose own were skipped.
        for index in (0..<nodes.count).reversed() {
            nodes[index].next = try skippingNothing(nodes[index].next)
            nodes[index].first = try skippingNothing(nodes[index].first)
        }
    }

    /// The bytes of all nodes that can be reached from one without a byte.
    private mutating func firstBytes(_ entry: UInt32) throws(PatternError) -> ByteSet {
        do throws(WorkStop) {
            var result = ByteSet()
            var seen = Buffer<Bool>()
            try seen.fill(nodes.count, with: false, &meter)
            var work = Buffer<UInt32>()
            try work.append(entry, &meter)
            while work.count > 0 {
                let index = work[work.count - 1]
                work.removeLast(1)
                if index == Pattern.none || seen[Int(index)] { continue }
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
