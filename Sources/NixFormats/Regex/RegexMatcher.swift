/// Matches a pattern by backtracking, in the order and with the results of libstdc++.
///
/// Matching a whole text, the first path that reaches its end wins. Searching, the longest match wins, and of equally
/// long ones the first. But a loop is only left early if continuing it found no match at all, however long a match
/// would be that way. Without `|`, the first match found is therefore the result.
///
/// As in libstdc++, a loop whose body matches the empty text is entered at most twice at the same position: once to
/// pass it, once more for its groups.
///
/// Matching takes linear time, by memoisation: the `BranchTable` records whether a branch succeeds or fails at a
/// position, so that each is tried only once. The result depends only on the node and the position, because consuming a
/// byte resets all loops. Within a search, failures remain valid from one match to the next; successes were no longer
/// than the match that was found. The table takes a quarter of a byte for each branch and position, so the search
/// starts without it, with a number of steps that is linear in the text's length, and only makes the table when these
/// are used up.
///
/// Fuel is counted exactly, in eighths of a unit, so that it depends only on the pattern and the text. A step takes a
/// branch or pops an entry of the stack. It costs an eighth without the table, and a unit with it, because it then
/// accesses memory at random. Consuming eight bytes also costs an eighth.
package struct RegexMatcher: ~Copyable {
    private typealias Kind = MatcherMemory.Kind
    private typealias Entry = MatcherMemory.Entry

    /// The result of one attempt.
    private enum Answer {
        case none
        case match(end: Int)
        /// The steps granted without a table are used up.
        case needsTable
    }

    /// The parameters of one attempt.
    private struct Attempt {
        var start: Int
        /// Whether the match must end at the end of the text.
        var isWhole = false
        var refusesEmpty = false
    }

    private let pattern: RegularExpression
    private let text: ByteView
    private let memory: MatcherMemory
    var hasTable = false
    /// The eighths of a unit that remain before the table is needed.
    var eighthsWithoutTable: Int
    /// The eighths that were used and do not make up a unit yet.
    var pendingEighths = 0
    /// The eighths that the current attempt may use before it asks for more.
    var grantedEighths = 0

    /// - Parameters:
    ///   - pattern: the compiled pattern.
    ///   - text: the text, which must outlive the matcher.
    ///   - store: the cache whose working memory is used.
    ///   - meter: pays for the working memory.
    package init(
        _ pattern: RegularExpression, _ text: ByteView, _ store: RegexCache, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        self.pattern = pattern
        self.text = text
        memory = store.memory
        eighthsWithoutTable = 32 * (text.count + 128)
        try memory.prepare(pattern, &meter)
    }

    /// Frees the memory that few matches need. If this is not called, the next match does it.
    package func end(_ meter: inout WorkMeter) { memory.shrink(&meter) }

    /// Charges the work that was not charged yet. The groups remain valid until `end`.
    package mutating func finish(_ meter: inout WorkMeter) throws(WorkStop) {
        let units = (pendingEighths + 7) / 8
        pendingEighths = 0
        try meter.charge(units)
    }

    /// The start and end of each group of the last match; -1 if the group did not take part. They are valid until the
    /// next match or `end`.
    @unsafe
    package var groups: UnsafeBufferPointer<Int> {
        unsafe UnsafeBufferPointer(start: memory.captures.storage.start, count: 2 &* pattern.groupCount)
    }

    /// The start and end of a group of the last match; -1 if the group did not take part.
    @inline(__always)
    func group(_ index: Int) -> (start: Int, end: Int) {
        let captures = unsafe memory.captures.storage
        return (captures[2 &* index], captures[2 &* index &+ 1])
    }

    /// Whether the whole text matches.
    package mutating func matchWhole(_ meter: inout WorkMeter) throws(WorkStop) -> Bool {
        try end(of: Attempt(start: 0, isWhole: true), &meter) != nil
    }

    /// The first match that starts at `start` or later; nil if there is none.
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

    /// The end of a non-empty match that starts at `start`; nil if there is none.
    package mutating func matchNonEmpty(at start: Int, _ meter: inout WorkMeter) throws(WorkStop) -> Int? {
        try end(of: Attempt(start: start, refusesEmpty: true), &meter)
    }

    /// The next position at which a match can begin.
    private mutating func firstPossible(_ start: Int, _ meter: inout WorkMeter) throws(WorkStop) -> Int {
        let text = text
        let bytes = pattern.firstBytes
        var position = start
        while position < text.count {
            let block = min(text.count, position + 4096)
            let first = position
            while position < block, !bytes.contains(text[position]) { position += 1 }
            try charge((position - first) / 8, &meter)
            if position < block { return position }
        }
        return position
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
        let size = BranchTable.size(positions: text.count + 1, branchCount: pattern.branchCount)
        guard let size else { throw .needsMemory(bytes: .max) }
        try unsafe memory.table.fill(size, with: 0, &meter)
        hasTable = true
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
        let captures = unsafe memory.captures.storage
        let best = unsafe memory.best.storage
        let counters = unsafe memory.counters.storage
        var stack = unsafe memory.stack.storage
        let boundCount = pattern.groupCount &* 2
        /// Whether the search continues after a match, for a longer one.
        let seeksLongest = !attempt.isWhole && pattern.hasChoice
        /// The cost of a step in eighths of a unit.
        let stepCost = hasTable ? 8 : 1
        var top = 0
        var index = Int(pattern.entry)
        var position = attempt.start
        /// The position at which the current path began. Its bytes are charged when the path ends.
        var pathStart = position
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
                if let byte = text.byte(at: position), UInt32(byte) == nodes[index].argument {
                    position &+= 1
                    index = Int(nodes[index].next)
                    continue walk
                }
            case .set:
                if let byte = text.byte(at: position), sets[nodes[index].argument].contains(byte) {
                    position &+= 1
                    index = Int(nodes[index].next)
                    continue walk
                }
            case .open, .close:
                left &-= 1
                let slot = Int(nodes[index].argument) &* 2 &+ (nodes[index].operation == .open ? 0 : 1)
                if top != 0 { try push(.capture, slot, 0, captures[slot], onto: &stack, &top, &meter) }
                captures[slot] = position
                index = Int(nodes[index].next)
                continue walk
            case .nothing:
                index = Int(nodes[index].next)
                continue walk
            case .start:
                if position == 0 {
                    index = Int(nodes[index].next)
                    continue walk
                }
            case .end:
                if position == count {
                    index = Int(nodes[index].next)
                    continue walk
                }
            case .run where !hasTable:
                left &-= 1
                if left < 0, try !renew(&left, &meter) { return .needsTable }
                let first = position
                let set = sets[nodes[index].argument]
                while true {
                    let block = text.prefix(position &+ 4096)
                    while let byte = block.byte(at: position), set.contains(byte) { position &+= 1 }
                    if position < block.count || position == count { break }
                    left &-= (position &- pathStart) &>> 3
                    pathStart = position
                    if left < 0, try !renew(&left, &meter) { return .needsTable }
                }
                if position > first { try push(.run, index, first, position &- 1, onto: &stack, &top, &meter) }
                index = Int(nodes[index].next)
                continue walk
            case .choice, .loop, .run:
                left &-= stepCost
                if left < 0, try !renew(&left, &meter) { return .needsTable }
                if hasTable {
                    let known = table.state(of: Int(nodes[index].branch), at: position)
                    if known != 0 {
                        if known == BranchTable.succeeds { isFound = true }
                        break
                    }
                    try push(.completes, index, 0, position, onto: &stack, &top, &meter)
                }
                if nodes[index].operation == .choice {
                    try push(.choice, index, 0, position, onto: &stack, &top, &meter)
                } else if nodes[index].operation == .loop, nodes[index].argument != RegularExpression.none {
                    let counter = Int(nodes[index].argument)
                    let known = counters[counter]
                    let entered = known &>> 2 == position ? known & 3 : 0
                    if entered == 2 {
                        index = Int(nodes[index].next)
                        continue walk
                    }
                    try push(.loop, index, 0, position, onto: &stack, &top, &meter)
                    try push(.counter, counter, 0, known, onto: &stack, &top, &meter)
                    counters[counter] = position &<< 2 | (entered &+ 1)
                } else {
                    try push(.loop, index, 0, position, onto: &stack, &top, &meter)
                }
                index = Int(nodes[index].first)
                continue walk
            case .accept:
                if attempt.isWhole ? position == count : !(attempt.refusesEmpty && position == attempt.start) {
                    if !seeksLongest {
                        left &-= (position &- pathStart) &>> 3
                        try settle(left, &meter)
                        return .match(end: position)
                    }
                    if position > bestEnd {
                        bestEnd = position
                        if position == count {
                            left &-= (position &- pathStart) &>> 3
                            try settle(left, &meter)
                            try forgetSuccesses(at: position, &meter)
                            return .match(end: position)
                        }
                        left &-= boundCount / 8
                        best.copy(boundCount, from: captures)
                    }
                    isFound = true
                }
            }
            // The path ends here: backtrack to the last branch with an untried alternative.
            left &-= (position &- pathStart) &>> 3
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
                    position = entry.value
                    pathStart = position
                    index = Int(nodes[subject].next)
                    continue walk
                case Kind.run.rawValue:
                    if isFound { continue }
                    let low = Int(truncatingIfNeeded: entry.head &>> 32)
                    index = Int(nodes[subject].next)
                    let end = max(low, entry.value &- 4095)
                    let last = Self.lastPosition(nodes[index], sets, text, from: entry.value, downTo: end)
                    left &-= (entry.value &- last) &>> 3
                    if last < end {
                        // The rest of a long range is examined after this block was charged.
                        if last >= low { try push(.run, subject, low, last, onto: &stack, &top, &meter) }
                        continue
                    }
                    if last > low { try push(.run, subject, low, last &- 1, onto: &stack, &top, &meter) }
                    position = last
                    pathStart = position
                    continue walk
                default:
                    position = entry.value
                    pathStart = position
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

    /// Pushes an entry on the backtracking stack.
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
        return unsafe memory.stack.storage
    }

    /// Forgets successes that could be found again: the next match begins at this one's end or later.
    private mutating func forgetSuccesses(at position: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        guard hasTable else { return }
        try charge(pattern.branchCount / 4, &meter)
        let table = unsafe BranchTable(memory.table.view, branchCount: pattern.branchCount)
        for branch in 0..<pattern.branchCount where table.state(of: branch, at: position) == BranchTable.succeeds {
            table.set(0, of: branch, at: position)
        }
    }
}
