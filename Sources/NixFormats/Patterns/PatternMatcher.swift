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
package struct PatternMatcher {
    /// What the caller does next.
    package enum Answer {
        case none
        /// Groups are in `captures`; the match ends here.
        case match(end: Int)
        /// The stack is full.
        case needsStack
        /// The steps granted without a table are used up.
        case needsTable
        /// Deadline or cancellation.
        case interrupted
    }

    /// What is on the stack: something to undo, or another way to try.
    private enum Kind: UInt64 {
        case capture, counter, loop, run, choice, otherSide, completes
    }

    /// Kind in the lowest byte, then 24 bits of node, group bound or counter, then a place; another place or value.
    struct Entry {
        var head: UInt64
        var value: Int
    }

    let pattern: Pattern
    private let nodes: UnsafeMutablePointer<Pattern.Node>
    private let sets: UnsafeMutablePointer<UInt64>
    private let text: UnsafePointer<UInt8>
    private let count: Int
    /// Start and end of each group, -1 if it took no part.
    package let captures: UnsafeMutablePointer<Int>
    private let best: UnsafeMutablePointer<Int>
    /// For each counted loop the place it was last entered at, times 4, and how often there.
    private let counters: UnsafeMutablePointer<Int>
    private let table: UnsafeMutablePointer<UInt8>?
    private let stack: UnsafeMutablePointer<Entry>
    private let stackLimit: UnsafeMutablePointer<Entry>
    /// Steps taken: one for each branch, each entry taken from the stack and each 8 bytes run over.
    package private(set) var steps = 0
    /// Without a table: steps after which `needsTable` is answered. With one: when `interruption` is asked next.
    private var stepLimit: Int
    private let interruption: () -> Bool
    /// Steps between two looks at deadline and cancellation.
    private static let sliceSteps = 1 << 20

    /// Bytes of scratch for groups, counters and table; the stack takes the rest.
    package static func fixedSize(_ pattern: Pattern, count: Int, hasTable: Bool) -> Int {
        (pattern.groupCount * 4 + pattern.counterCount) * 8 + (hasTable ? tableSize(pattern, count) : 0)
    }

    private static func tableSize(_ pattern: Pattern, _ count: Int) -> Int {
        ((count + 1) * pattern.branchCount + 31) / 32 * 8
    }

    /// The least stack that is any use, in bytes.
    package static let minimumStack = 64 * MemoryLayout<Entry>.stride

    /// - Parameter scratch: at least `fixedSize` and `minimumStack`, 8-byte aligned.
    package init(
        _ pattern: Pattern, _ text: UnsafeBufferPointer<UInt8>, scratch: UnsafeMutableRawBufferPointer, hasTable: Bool,
        interruption: @escaping () -> Bool
    ) {
        self.pattern = pattern
        nodes = pattern.nodes
        sets = pattern.sets
        var free = scratch.baseAddress.unsafelyUnwrapped
        // An empty text is never read: any address will do.
        self.text = text.baseAddress ?? UnsafePointer(free.assumingMemoryBound(to: UInt8.self))
        count = text.count
        stepLimit = hasTable ? PatternMatcher.sliceSteps : 32 * (text.count + 128)
        self.interruption = interruption
        func take<T>(_ count: Int, _ type: T.Type) -> UnsafeMutablePointer<T> {
            defer { free += count * MemoryLayout<T>.stride }
            return free.bindMemory(to: type, capacity: count)
        }
        captures = take(pattern.groupCount * 2, Int.self)
        best = take(pattern.groupCount * 2, Int.self)
        counters = take(pattern.counterCount, Int.self)
        if hasTable {
            let size = PatternMatcher.tableSize(pattern, text.count)
            let bytes = take(size, UInt8.self)
            bytes.initialize(repeating: 0, count: size)
            table = bytes
        } else {
            table = nil
        }
        let entries = (scratch.baseAddress.unsafelyUnwrapped + scratch.count - free) / MemoryLayout<Entry>.stride
        stack = take(entries, Entry.self)
        stackLimit = stack + (entries - 8)
    }

    /// Whether the whole text matches.
    package mutating func matchWhole() -> Answer { run(from: 0, isWhole: true, refusesEmpty: false) }

    /// The first match that begins at `start` or after it; its place is in `start`.
    package mutating func search(from start: inout Int) -> Answer {
        while true {
            if !pattern.isNullable {
                while start < count, !pattern.firstBytes.contains(text[start]) { start += 1 }
                if start == count { return .none }
            }
            let answer = run(from: start, isWhole: false, refusesEmpty: false)
            if case .none = answer, start < count {
                start += 1
                continue
            }
            return answer
        }
    }

    /// A match at just this place that is not empty.
    package mutating func matchNonEmpty(at start: Int) -> Answer {
        run(from: start, isWhole: false, refusesEmpty: true)
    }

    // MARK: One attempt

    private mutating func run(from start: Int, isWhole: Bool, refusesEmpty: Bool) -> Answer {
        let pattern = self.pattern
        let nodes = self.nodes
        let text = self.text
        let count = self.count
        let table = self.table
        /// Whether success goes on to look for something longer.
        let seeksLongest = !isWhole && pattern.hasChoice
        captures.update(repeating: -1, count: pattern.groupCount * 2)
        counters.update(repeating: 0, count: pattern.counterCount)
        var top = stack
        var index = pattern.entry
        var place = start
        var isFound = false
        var bestEnd = -1
        var steps = self.steps
        defer { self.steps = steps }

        walk: while true {
            let node = nodes + Int(index)
            switch node.pointee.operation {
            case .byte:
                if place < count, UInt32(text[place]) == node.pointee.argument {
                    place &+= 1
                    index = node.pointee.next
                    continue walk
                }
            case .set:
                if place < count, contains(node.pointee.argument, text[place]) {
                    place &+= 1
                    index = node.pointee.next
                    continue walk
                }
            case .open, .close:
                let slot = Int(node.pointee.argument) &* 2 &+ (node.pointee.operation == .open ? 0 : 1)
                if top != stack {
                    if top >= stackLimit { return .needsStack }
                    top = push(top, .capture, slot, 0, captures[slot])
                }
                captures[slot] = place
                index = node.pointee.next
                continue walk
            case .nothing:
                index = node.pointee.next
                continue walk
            case .start:
                if place == 0 {
                    index = node.pointee.next
                    continue walk
                }
            case .end:
                if place == count {
                    index = node.pointee.next
                    continue walk
                }
            case .run where table == nil:
                steps &+= 1
                if steps > stepLimit { return .needsTable }
                if top >= stackLimit { return .needsStack }
                var end = place
                let set = node.pointee.argument
                while end < count, contains(set, text[end]) { end &+= 1 }
                steps &+= (end &- place) &>> 3
                if end > place {
                    top = push(top, .run, Int(index), place, end &- 1)
                    place = end
                }
                index = node.pointee.next
                continue walk
            case .choice, .loop, .run:
                steps &+= 1
                if steps > stepLimit {
                    if table == nil { return .needsTable }
                    if interruption() { return .interrupted }
                    stepLimit = steps &+ PatternMatcher.sliceSteps
                }
                if top >= stackLimit { return .needsStack }
                if let table {
                    let known = state(table, node.pointee.branch, place)
                    if known != 0 {
                        if known == PatternMatcher.succeeds { isFound = true }
                        break
                    }
                    top = push(top, .completes, Int(index), 0, place)
                }
                if node.pointee.operation == .choice {
                    top = push(top, .choice, Int(index), 0, place)
                } else {
                    if node.pointee.operation == .loop, node.pointee.argument != Pattern.none {
                        let counter = Int(node.pointee.argument)
                        let known = counters[counter]
                        let entered = known &>> 2 == place ? known & 3 : 0
                        if entered == 2 {
                            index = node.pointee.next
                            continue walk
                        }
                        top = push(top, .loop, Int(index), 0, place)
                        top = push(top, .counter, counter, 0, known)
                        counters[counter] = place &<< 2 | (entered &+ 1)
                    } else {
                        top = push(top, .loop, Int(index), 0, place)
                    }
                }
                index = node.pointee.first
                continue walk
            case .accept:
                if isWhole ? place == count : !(refusesEmpty && place == start) {
                    if !seeksLongest { return .match(end: place) }
                    if place > bestEnd {
                        bestEnd = place
                        if place == count {
                            forgetSuccesses(at: place)
                            return .match(end: place)
                        }
                        best.update(from: captures, count: pattern.groupCount &* 2)
                    }
                    isFound = true
                }
            }
            // This path ends here: back to the last branch that has another way.
            while true {
                if top == stack {
                    if bestEnd < 0 { return .none }
                    captures.update(from: best, count: pattern.groupCount &* 2)
                    forgetSuccesses(at: bestEnd)
                    return .match(end: bestEnd)
                }
                top -= 1
                let head = top.pointee.head
                let subject = Int(truncatingIfNeeded: head &>> 8 & 0xFF_FFFF)
                switch head & 0xFF {
                case Kind.capture.rawValue: captures[subject] = top.pointee.value
                case Kind.counter.rawValue: counters[subject] = top.pointee.value
                case Kind.otherSide.rawValue: if top.pointee.value != 0 { isFound = true }
                case Kind.completes.rawValue:
                    if let table, !(refusesEmpty && top.pointee.value == start) {
                        let known = isFound ? PatternMatcher.succeeds : PatternMatcher.fails
                        setState(table, nodes[subject].branch, top.pointee.value, known)
                    }
                case Kind.loop.rawValue:
                    if isFound { continue }
                    place = top.pointee.value
                    index = nodes[subject].next
                    continue walk
                case Kind.run.rawValue:
                    if isFound { continue }
                    steps &+= 1
                    if steps > stepLimit { return .needsTable }
                    place = top.pointee.value
                    index = nodes[subject].next
                    let low = Int(truncatingIfNeeded: head &>> 32)
                    if place > low {
                        top.pointee.value = place &- 1
                        top += 1
                    }
                    continue walk
                default:
                    place = top.pointee.value
                    if seeksLongest {
                        top = push(top, .otherSide, 0, 0, isFound ? 1 : 0)
                        isFound = false
                    }
                    index = nodes[subject].next
                    continue walk
                }
            }
        }
    }

    @inline(__always)
    private func contains(_ set: UInt32, _ byte: UInt8) -> Bool {
        sets[Int(set) &* 4 &+ Int(byte &>> 6)] &>> UInt64(byte & 63) & 1 != 0
    }

    @inline(__always)
    private func push(
        _ top: UnsafeMutablePointer<Entry>, _ kind: Kind, _ subject: Int, _ low: Int, _ value: Int
    ) -> UnsafeMutablePointer<Entry> {
        top.pointee = Entry(
            head: kind.rawValue | UInt64(truncatingIfNeeded: subject) &<< 8 | UInt64(truncatingIfNeeded: low) &<< 32,
            value: value)
        return top + 1
    }

    // MARK: The table

    private static let fails: UInt8 = 1
    private static let succeeds: UInt8 = 2

    @inline(__always)
    private func state(_ table: UnsafeMutablePointer<UInt8>, _ branch: UInt32, _ place: Int) -> UInt8 {
        let bit = place &* pattern.branchCount &+ Int(branch)
        return table[bit &>> 2] &>> UInt8(truncatingIfNeeded: (bit & 3) &* 2) & 3
    }

    @inline(__always)
    private func setState(_ table: UnsafeMutablePointer<UInt8>, _ branch: UInt32, _ place: Int, _ state: UInt8) {
        let bit = place &* pattern.branchCount &+ Int(branch)
        let shift = UInt8(truncatingIfNeeded: (bit & 3) &* 2)
        table[bit &>> 2] = table[bit &>> 2] & ~(3 &<< shift) | state &<< shift
    }

    /// The next match begins at this one's end or after it: only there could a success of this one still be found.
    private func forgetSuccesses(at place: Int) {
        guard let table else { return }
        for branch in 0..<UInt32(truncatingIfNeeded: pattern.branchCount)
        where state(table, branch, place) == PatternMatcher.succeeds {
            setState(table, branch, place, 0)
        }
    }
}
