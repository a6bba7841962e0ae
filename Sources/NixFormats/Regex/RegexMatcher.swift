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
package struct RegexMatcher: ~Copyable {
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

    private let pattern: RegularExpression
    private let text: ByteView
    private let memory: MatcherMemory
    private var hasTable = false
    /// Eighths of a unit that may still be used without a table.
    private var eighthsWithoutTable: Int
    /// Eighths that were used and make no whole unit yet.
    private var pendingEighths = 0
    /// Eighths that the current attempt was told that it may use before it asks again.
    private var grantedEighths = 0

    /// - Parameter store: Whose memory is used.
    package init(
        _ pattern: RegularExpression, _ text: ByteView, _ store: RegexCache, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        self.pattern = pattern
        self.text = text
        memory = store.memory
        eighthsWithoutTable = 32 * (text.count + 128)
        try memory.prepare(pattern, &meter)
    }

    /// Ends the match: what few matches need is given back. Without it the next match does that.
    package func end(_ meter: inout WorkMeter) { memory.shrink(&meter) }

    /// Charges what is still to be paid. Groups can be asked for until `end`.
    package mutating func finish(_ meter: inout WorkMeter) throws(WorkStop) {
        let units = (pendingEighths + 7) / 8
        pendingEighths = 0
        try meter.charge(units)
    }

    /// Start and end of each group in the last match, one after another; -1 if it took no part. Only valid until the
    /// next match, or `end`.
    @unsafe
    package var groups: UnsafeBufferPointer<Int> {
        unsafe UnsafeBufferPointer(start: memory.captures.room.start, count: 2 &* pattern.groupCount)
    }

    /// Start and end of a group in the last match; -1 if it took no part.
    @inline(__always)
    func group(_ index: Int) -> (start: Int, end: Int) {
        let captures = unsafe memory.captures.room
        return (captures[2 &* index], captures[2 &* index &+ 1])
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
        let size = BranchTable.size(places: text.count + 1, branchCount: pattern.branchCount)
        guard let size else { throw .needsRoom(bytes: .max) }
        try unsafe memory.table.fill(size, with: 0, &meter)
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

    /// Grants more eighths when those granted are used; false when the table is needed first.
    @inline(never)
    private mutating func renew(_ left: inout Int, _ meter: inout WorkMeter) throws(WorkStop) -> Bool {
        try settle(left, &meter)
        if !hasTable, eighthsWithoutTable < 0 { return false }
        left = grant(meter)
        return true
    }

    // MARK: One attempt

    private mutating func run(_ attempt: Attempt, _ meter: inout WorkMeter) throws(WorkStop) -> Answer {
        let pattern = self.pattern
        let nodes = pattern.nodes.view
        let sets = PackedByteSets(pattern.sets.view)
        let text = self.text
        let count = text.count
        let hasTable = self.hasTable
        let table = unsafe BranchTable(memory.table.view, branchCount: pattern.branchCount)
        let captures = unsafe memory.captures.room
        let best = unsafe memory.best.room
        let counters = unsafe memory.counters.room
        var stack = unsafe memory.stack.room
        let boundCount = pattern.groupCount &* 2
        /// Whether success goes on to look for something longer.
        let seeksLongest = !attempt.isWhole && pattern.hasChoice
        /// Eighths that a step costs.
        let stepCost = hasTable ? 8 : 1
        var top = 0
        var index = Int(pattern.entry)
        var place = attempt.start
        /// Where the path that is being tried began: its bytes are paid for when it ends.
        var pathStart = place
        var isFound = false
        var bestEnd = -1
        var left = grant(meter)

        captures.fill(boundCount, with: -1)
        counters.fill(pattern.counterCount, with: 0)
        left &-= 1 &+ (boundCount &+ pattern.counterCount) / 8
        if left < 0, try !renew(&left, &meter) { return .needsTable }

        walk: while true {
            switch nodes[index].operation {
            case .byte:
                if let byte = text.byte(at: place), UInt32(byte) == nodes[index].argument {
                    place &+= 1
                    index = Int(nodes[index].next)
                    continue walk
                }
            case .set:
                if let byte = text.byte(at: place), sets[nodes[index].argument].contains(byte) {
                    place &+= 1
                    index = Int(nodes[index].next)
                    continue walk
                }
            case .open, .close:
                left &-= 1
                let slot = Int(nodes[index].argument) &* 2 &+ (nodes[index].operation == .open ? 0 : 1)
                if top != 0 { try push(.capture, slot, 0, captures[slot], onto: &stack, &top, &meter) }
                captures[slot] = place
                index = Int(nodes[index].next)
                continue walk
            case .nothing:
                index = Int(nodes[index].next)
                continue walk
            case .start:
                if place == 0 {
                    index = Int(nodes[index].next)
                    continue walk
                }
            case .end:
                if place == count {
                    index = Int(nodes[index].next)
                    continue walk
                }
            case .run where !hasTable:
                left &-= 1
                if left < 0, try !renew(&left, &meter) { return .needsTable }
                let first = place
                let set = sets[nodes[index].argument]
                while true {
                    let block = text.prefix(place &+ 4096)
                    while let byte = block.byte(at: place), set.contains(byte) { place &+= 1 }
                    if place < block.count || place == count { break }
                    left &-= (place &- pathStart) &>> 3
                    pathStart = place
                    if left < 0, try !renew(&left, &meter) { return .needsTable }
                }
                if place > first { try push(.run, index, first, place &- 1, onto: &stack, &top, &meter) }
                index = Int(nodes[index].next)
                continue walk
            case .choice, .loop, .run:
                left &-= stepCost
                if left < 0, try !renew(&left, &meter) { return .needsTable }
                if hasTable {
                    let known = table.state(of: Int(nodes[index].branch), at: place)
                    if known != 0 {
                        if known == BranchTable.succeeds { isFound = true }
                        break
                    }
                    try push(.completes, index, 0, place, onto: &stack, &top, &meter)
                }
                if nodes[index].operation == .choice {
                    try push(.choice, index, 0, place, onto: &stack, &top, &meter)
                } else if nodes[index].operation == .loop, nodes[index].argument != RegularExpression.none {
                    let counter = Int(nodes[index].argument)
                    let known = counters[counter]
                    let entered = known &>> 2 == place ? known & 3 : 0
                    if entered == 2 {
                        index = Int(nodes[index].next)
                        continue walk
                    }
                    try push(.loop, index, 0, place, onto: &stack, &top, &meter)
                    try push(.counter, counter, 0, known, onto: &stack, &top, &meter)
                    counters[counter] = place &<< 2 | (entered &+ 1)
                } else {
                    try push(.loop, index, 0, place, onto: &stack, &top, &meter)
                }
                index = Int(nodes[index].first)
                continue walk
            case .accept:
                if attempt.isWhole ? place == count : !(attempt.refusesEmpty && place == attempt.start) {
                    if !seeksLongest {
                        left &-= (place &- pathStart) &>> 3
                        try settle(left, &meter)
                        return .match(end: place)
                    }
                    if place > bestEnd {
                        bestEnd = place
                        if place == count {
                            left &-= (place &- pathStart) &>> 3
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
            left &-= (place &- pathStart) &>> 3
            if left < 0, try !renew(&left, &meter) { return .needsTable }
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
                if left < 0, try !renew(&left, &meter) { return .needsTable }
                switch entry.head & 0xFF {
                case Kind.capture.rawValue: captures[subject] = entry.value
                case Kind.counter.rawValue: counters[subject] = entry.value
                case Kind.otherSide.rawValue: if entry.value != 0 { isFound = true }
                case Kind.completes.rawValue:
                    if !(attempt.refusesEmpty && entry.value == attempt.start) {
                        let known = isFound ? BranchTable.succeeds : BranchTable.fails
                        table.set(known, of: Int(nodes[subject].branch), at: entry.value)
                    }
                case Kind.loop.rawValue:
                    if isFound { continue }
                    place = entry.value
                    pathStart = place
                    index = Int(nodes[subject].next)
                    continue walk
                case Kind.run.rawValue:
                    if isFound { continue }
                    let low = Int(truncatingIfNeeded: entry.head &>> 32)
                    index = Int(nodes[subject].next)
                    let end = max(low, entry.value &- 4095)
                    let last = Self.lastPlace(nodes[index], sets, text, from: entry.value, downTo: end)
                    left &-= (entry.value &- last) &>> 3
                    if last < end {
                        // The rest of a long run is looked at once this is paid for.
                        if last >= low { try push(.run, subject, low, last, onto: &stack, &top, &meter) }
                        continue
                    }
                    if last > low { try push(.run, subject, low, last &- 1, onto: &stack, &top, &meter) }
                    place = last
                    pathStart = place
                    continue walk
                default:
                    place = entry.value
                    pathStart = place
                    if seeksLongest {
                        try push(.otherSide, 0, 0, isFound ? 1 : 0, onto: &stack, &top, &meter)
                        isFound = false
                    }
                    index = Int(nodes[subject].next)
                    continue walk
                }
            }
        }
    }

    /// Puts something on the stack.
    @inline(__always)
    private mutating func push(
        _ kind: Kind, _ subject: Int, _ low: Int, _ value: Int, onto stack: inout BufferView<Entry>, _ top: inout Int,
        _ meter: inout WorkMeter
    ) throws(WorkStop) {
        let entry = Entry(
            head: kind.rawValue | UInt64(truncatingIfNeeded: subject) &<< 8 | UInt64(truncatingIfNeeded: low) &<< 32,
            value: value)
        if !stack.set(top, entry) {
            stack = try growStack(&meter)
            stack[top] = entry
        }
        top &+= 1
    }

    @inline(never)
    private mutating func growStack(_ meter: inout WorkMeter) throws(WorkStop) -> BufferView<Entry> {
        try unsafe memory.stack.grow(to: 0, &meter)
        return unsafe memory.stack.room
    }

    /// The next match begins at this one's end or after it: only there could a success of this one still be found.
    private mutating func forgetSuccesses(at place: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        guard hasTable else { return }
        try pay(pattern.branchCount / 4, &meter)
        let table = unsafe BranchTable(memory.table.view, branchCount: pattern.branchCount)
        for branch in 0..<pattern.branchCount where table.state(of: branch, at: place) == BranchTable.succeeds {
            table.set(0, of: branch, at: place)
        }
    }
}
