/// Walks a pattern over a text: a backtracking search in the order that libstdc++ tries, and with its answers.
///
/// Which path wins: matching a whole text, the first that reaches its end. Searching, the longest match, and of equally
/// long ones the first; but a loop is left early only if no match at all was found by going on in it, however long one
/// would be that way. So without `|` the first match found is the answer.
///
/// A loop that can be passed without consuming a byte is entered at most twice at the same place, as in libstdc++: once
/// to pass it, once more for its groups.
///
/// Linear time: with a table, what was found out for a branch at a place is kept (two bits: fails, succeeds), so that
/// each is tried once. A match depends on nothing but node and place, since going past a byte makes all loops fresh.
/// What failed stays known from one match of a search to the next; what succeeded was no longer than the match found.
/// The table takes a quarter of a byte for each branch and place, so the search begins without one, within a number of
/// steps that is linear in the text, and needs the table only when that is not enough.
///
/// Fuel: what is done is counted in eighths of a unit, exactly, so that it depends on pattern and text alone. A step is
/// a branch that is taken or an entry that comes off the stack; without a table it is an eighth, and a whole unit with
/// one, as it then reads memory at random. Eight bytes that are passed are an eighth, too.
package struct PatternMatcher: ~Copyable {
    private typealias Kind = MatcherMemory.Kind
    private typealias Entry = MatcherMemory.Entry

    /// How one attempt ended.
    private enum Answer {
        case none
        case match(end: Int)
        /// The work granted without a table is used up.
        case needsTable
    }

    /// How an attempt is made.
    private struct Attempt {
        var start: Int
        /// Whether the whole text must match.
        var isWhole = false
        var refusesEmpty = false
    }

    private let pattern: Pattern
    private let text: ByteView
    private let memory: MatcherMemory
    private var hasTable = false
    /// Eighths of a unit that may still be used without a table.
    private var eighthsWithoutTable: Int
    /// Eighths that were used and make no whole unit yet.
    private var pendingEighths = 0
    /// Eighths that the current attempt was told that it may use before it asks again.
    private var grantedEighths = 0

    /// - Parameter store: Whose memory is used; one matcher at a time uses it.
    package init(
        _ pattern: Pattern, _ text: ByteView, _ store: PatternStore, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        self.pattern = pattern
        self.text = text
        memory = store.memory
        eighthsWithoutTable = 32 * (text.count + 128)
        do throws(WorkStop) {
            try memory.prepare(pattern, &meter)
        } catch {
            memory.shrink()
            throw error
        }
    }

    deinit { memory.shrink() }

    /// Charges what is still to be paid. Groups can be asked for as long as the matcher is there.
    package mutating func finish(_ meter: inout WorkMeter) throws(WorkStop) {
        let units = (pendingEighths + 7) / 8
        pendingEighths = 0
        try meter.charge(units)
    }

    /// Start and end of a group in the last match; -1 if it took no part.
    @inline(__always)
    package func group(_ index: Int) -> (start: Int, end: Int) {
        let captures = memory.captures.room
        return (captures[2 * index], captures[2 * index + 1])
    }

    /// Whether the whole text matches.
    package mutating func matchWhole(_ meter: inout WorkMeter) throws(WorkStop) -> Bool {
        try end(of: Attempt(start: 0, isWhole: true), &meter) != nil
    }

    /// The first match that begins at `start` or after it; nil when there is none.
    package mutating func search(from start: Int, _ meter: inout WorkMeter) throws(WorkStop) -> Range<Int>? {
        var start = start
        while true {
            if !pattern.isNullable {
                start = try firstPossible(start, &meter)
                if start == text.count { return nil }
            }
            if let end = try end(of: Attempt(start: start), &meter) { return start..<end }
            if start == text.count { return nil }
            start += 1
        }
    }

    /// The end of a match at just this place that is not empty; nil when there is none.
    package mutating func matchNonEmpty(at start: Int, _ meter: inout WorkMeter) throws(WorkStop) -> Int? {
        try end(of: Attempt(start: start, refusesEmpty: true), &meter)
    }

    /// The next place at which a match can begin.
    private mutating func firstPossible(_ start: Int, _ meter: inout WorkMeter) throws(WorkStop) -> Int {
        let text = text
        let bytes = pattern.firstBytes
        var place = start
        while place < text.count {
            let block = min(text.count, place + 4096)
            let first = place
            while place < block, !bytes.contains(text[place]) { place += 1 }
            try pay((place - first) / 8, &meter)
            if place < block { return place }
        }
        return place
    }

    private mutating func end(of attempt: Attempt, _ meter: inout WorkMeter) throws(WorkStop) -> Int? {
        switch try run(attempt, &meter) {
        case .none: return nil
        case .match(let end): return end
        case .needsTable:
            try makeTable(&meter)
            if case .match(let end) = try run(attempt, &meter) { return end }
            return nil
        }
    }

    private mutating func makeTable(_ meter: inout WorkMeter) throws(WorkStop) {
        let (bits, overflow) = (text.count + 1).multipliedReportingOverflow(by: pattern.branchCount)
        if overflow { throw .needsRoom(bytes: .max) }
        try memory.table.fill(bits / 4 + 1, with: 0, &meter)
        hasTable = true
    }

    // MARK: Paying

    /// Eighths that may be used before `renew`.
    private mutating func grant(_ meter: borrowing WorkMeter) -> Int {
        let paid = max(0, meter.units) &* 8
        grantedEighths = hasTable ? paid : min(paid, eighthsWithoutTable)
        return grantedEighths
    }

    /// Charges for what was used of the last grant.
    private mutating func settle(_ left: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        let used = grantedEighths &- left
        grantedEighths = 0
        if !hasTable { eighthsWithoutTable &-= used }
        try pay(used, &meter)
    }

    private mutating func pay(_ eighths: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        pendingEighths &+= eighths
        let units = pendingEighths / 8
        pendingEighths &= 7
        try meter.charge(units)
    }

    /// More eighths when those granted are used; nil when the table is needed first.
    @inline(never)
    private mutating func renew(_ left: Int, _ meter: inout WorkMeter) throws(WorkStop) -> Int? {
        try settle(left, &meter)
        if !hasTable, eighthsWithoutTable < 0 { return nil }
        return grant(meter)
    }

    // MARK: One attempt

    private mutating func run(_ attempt: Attempt, _ meter: inout WorkMeter) throws(WorkStop) -> Answer {
        let pattern = self.pattern
        let nodes = pattern.nodes.view
        let sets = pattern.sets.view
        let text = self.text
        let count = text.count
        let hasTable = self.hasTable
        let table = memory.table.view
        let branchCount = pattern.branchCount
        let captures = memory.captures.room
        let best = memory.best.room
        let counters = memory.counters.room
        var stack = memory.stack.room
        let boundCount = pattern.groupCount &* 2
        /// Whether success goes on to look for something longer.
        let seeksLongest = !attempt.isWhole && pattern.hasChoice
        /// Eighths that a step costs.
        let stepCost = hasTable ? 8 : 1
        var top = 0
        var index = Int(pattern.entry)
        var place = attempt.start
        /// Where bytes passed were last paid for.
        var paidPlace = place
        var isFound = false
        var bestEnd = -1
        var left = grant(meter)

        /// Takes what a step costs, with the bytes passed since the last; false when the table is needed.
        @inline(__always)
        func spend(_ cost: Int) throws(WorkStop) -> Bool {
            left &-= cost &+ (place &- paidPlace) &>> 3
            paidPlace = place
            if left >= 0 { return true }
            guard let renewed = try renew(left, &meter) else { return false }
            left = renewed
            return true
        }

        /// Puts something on the stack.
        @inline(__always)
        func push(_ kind: Kind, _ subject: Int, _ low: Int, _ value: Int) throws(WorkStop) {
            let entry = Entry(
                head: kind.rawValue | UInt64(truncatingIfNeeded: subject) &<< 8
                    | UInt64(truncatingIfNeeded: low) &<< 32, value: value)
            if !stack.set(top, entry) {
                try growStack(&meter)
                stack = memory.stack.room
                stack[top] = entry
            }
            top &+= 1
        }

        captures.fill(boundCount, with: -1)
        counters.fill(pattern.counterCount, with: 0)
        guard try spend(1 &+ (boundCount &+ pattern.counterCount) / 8) else { return .needsTable }

        walk: while true {
            let node = nodes[index]
            switch node.operation {
            case .byte:
                if let byte = text.byte(at: place), UInt32(byte) == node.argument {
                    place &+= 1
                    index = Int(node.next)
                    continue walk
                }
            case .set:
                if let byte = text.byte(at: place), Self.contains(sets, node.argument, byte) {
                    place &+= 1
                    index = Int(node.next)
                    continue walk
                }
            case .open, .close:
                left &-= 1
                let slot = Int(node.argument) &* 2 &+ (node.operation == .open ? 0 : 1)
                if top != 0 { try push(.capture, slot, 0, captures[slot]) }
                captures[slot] = place
                index = Int(node.next)
                continue walk
            case .nothing:
                index = Int(node.next)
                continue walk
            case .start:
                if place == 0 {
                    index = Int(node.next)
                    continue walk
                }
            case .end:
                if place == count {
                    index = Int(node.next)
                    continue walk
                }
            case .run where !hasTable:
                guard try spend(1) else { return .needsTable }
                let first = place
                while true {
                    let end = min(count, place &+ 4096)
                    while place < end, let byte = text.byte(at: place), Self.contains(sets, node.argument, byte) {
                        place &+= 1
                    }
                    if place < end || place == count { break }
                    guard try spend(0) else { return .needsTable }
                }
                if place > first { try push(.run, index, first, place &- 1) }
                index = Int(node.next)
                continue walk
            case .choice, .loop, .run:
                guard try spend(stepCost) else { return .needsTable }
                if hasTable {
                    let known = Self.state(table, place &* branchCount &+ Int(node.branch))
                    if known != 0 {
                        if known == PatternMatcher.succeeds { isFound = true }
                        break
                    }
                    try push(.completes, index, 0, place)
                }
                if node.operation == .choice {
                    try push(.choice, index, 0, place)
                } else if node.operation == .loop, node.argument != Pattern.none {
                    let counter = Int(node.argument)
                    let known = counters[counter]
                    let entered = known &>> 2 == place ? known & 3 : 0
                    if entered == 2 {
                        index = Int(node.next)
                        continue walk
                    }
                    try push(.loop, index, 0, place)
                    try push(.counter, counter, 0, known)
                    counters[counter] = place &<< 2 | (entered &+ 1)
                } else {
                    try push(.loop, index, 0, place)
                }
                index = Int(node.first)
                continue walk
            case .accept:
                if attempt.isWhole ? place == count : !(attempt.refusesEmpty && place == attempt.start) {
                    if !seeksLongest {
                        try settle(left, &meter)
                        return .match(end: place)
                    }
                    if place > bestEnd {
                        bestEnd = place
                        if place == count {
                            try settle(left, &meter)
                            try forgetSuccesses(at: place, &meter)
                            return .match(end: place)
                        }
                        left &-= boundCount / 8
                        best.copy(boundCount, from: captures)
                    }
                    isFound = true
                }
            }
            // This path ends here: back to the last branch that has another way.
            guard try spend(0) else { return .needsTable }
            while true {
                if top == 0 {
                    try settle(left, &meter)
                    if bestEnd < 0 { return .none }
                    captures.copy(boundCount, from: best)
                    try forgetSuccesses(at: bestEnd, &meter)
                    return .match(end: bestEnd)
                }
                top &-= 1
                let entry = stack[top]
                let subject = Int(truncatingIfNeeded: entry.head &>> 8 & 0xFF_FFFF)
                left &-= 1
                if left < 0 {
                    guard try spend(0) else { return .needsTable }
                }
                switch entry.head & 0xFF {
                case Kind.capture.rawValue: captures[subject] = entry.value
                case Kind.counter.rawValue: counters[subject] = entry.value
                case Kind.otherSide.rawValue: if entry.value != 0 { isFound = true }
                case Kind.completes.rawValue:
                    if !(attempt.refusesEmpty && entry.value == attempt.start) {
                        let known = isFound ? PatternMatcher.succeeds : PatternMatcher.fails
                        Self.setState(table, entry.value &* branchCount &+ Int(nodes[subject].branch), known)
                    }
                case Kind.loop.rawValue:
                    if isFound { continue }
                    place = entry.value
                    paidPlace = place
                    index = Int(nodes[subject].next)
                    continue walk
                case Kind.run.rawValue:
                    if isFound { continue }
                    place = entry.value
                    paidPlace = place
                    index = Int(nodes[subject].next)
                    let low = Int(truncatingIfNeeded: entry.head &>> 32)
                    if place > low { try push(.run, subject, low, place &- 1) }
                    continue walk
                default:
                    place = entry.value
                    paidPlace = place
                    if seeksLongest {
                        try push(.otherSide, 0, 0, isFound ? 1 : 0)
                        isFound = false
                    }
                    index = Int(nodes[subject].next)
                    continue walk
                }
            }
        }
    }

    @inline(never)
    private func growStack(_ meter: inout WorkMeter) throws(WorkStop) {
        try memory.stack.grow(to: 0, &meter)
    }

    @inline(__always)
    private static func contains(_ sets: BufferView<UInt64>, _ set: UInt32, _ byte: UInt8) -> Bool {
        sets[Int(set) &* 4 &+ Int(byte &>> 6)] &>> UInt64(byte & 63) & 1 != 0
    }

    // MARK: The table

    private static let fails: UInt8 = 1
    private static let succeeds: UInt8 = 2

    @inline(__always)
    private static func state(_ table: BufferView<UInt8>, _ number: Int) -> UInt8 {
        table[number &>> 2] &>> UInt8(truncatingIfNeeded: (number & 3) &* 2) & 3
    }

    @inline(__always)
    private static func setState(_ table: BufferView<UInt8>, _ number: Int, _ state: UInt8) {
        let shift = UInt8(truncatingIfNeeded: (number & 3) &* 2)
        table[number &>> 2] = table[number &>> 2] & ~(3 &<< shift) | state &<< shift
    }

    /// The next match begins at this one's end or after it: only there could a success of this one still be found.
    private mutating func forgetSuccesses(at place: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        guard hasTable else { return }
        try pay(pattern.branchCount / 4, &meter)
        let table = memory.table.view
        for branch in 0..<pattern.branchCount {
            let number = place * pattern.branchCount + branch
            if Self.state(table, number) == PatternMatcher.succeeds { Self.setState(table, number, 0) }
        }
    }
}
