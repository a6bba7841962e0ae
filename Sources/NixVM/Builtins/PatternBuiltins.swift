import NixFormats

/// `match` and `split`.
///
/// Both run to their end within one step. A short text is matched in the machine's own scratch; what needs more takes
/// heap that is free at the moment, reserved but not kept.
extension Machine {
    static let patternBuiltins: [BuiltinDefinition] = [
        .function("match", 2, early: { $0.compiledPattern() != nil }) { $0.matchWhole() },
        .function("split", 2, early: { $0.compiledPattern() != nil }) { $0.split() },
    ]
}

extension VM {
    /// Fuel of a match: what the slowest search for so many bytes would take, whatever this one takes.
    fileprivate func fuel(_ pattern: Pattern, _ count: Int) -> Int { 1 + pattern.nodeCount * (count + 4) / 256 }

    /// The compiled pattern of the first argument; nil with `failure` set.
    fileprivate func compiledPattern() -> Pattern? {
        guard let source = expectPlainString(0) else { return nil }
        do {
            return try machine.patterns.pattern(source.byteBuffer)
        } catch {
            let text = Array(source.byteBuffer)
            let cause = error == .tooLarge ? "memory limit exceeded by" : "invalid"
            _ = fail(.value, bytes: Array("\(cause) regular expression '".utf8) + text + Array("'".utf8))
            return nil
        }
    }

    fileprivate func matchWhole() -> Step {
        guard let pattern = compiledPattern(), let text = expectString(1) else { return .error }
        let units = fuel(pattern, text.field)
        guard charge(units) else { return .error }
        let step = match(pattern, text.byteBuffer)
        if step == .collect { s.pointee.slice &+= units }
        return step
    }

    private func match(_ pattern: Pattern, _ text: UnsafeBufferPointer<UInt8>) -> Step {
        var room = MatchingRoom(self, pattern, text)
        while true {
            guard var matcher = room.makeMatcher() else { return .collect }
            switch matcher.matchWhole() {
            case .none: return done(.null)
            case .match:
                if !room.isHeap { return matched(matcher.captures, pattern.groupCount, text) }
                let captures = Array(UnsafeBufferPointer(start: matcher.captures, count: pattern.groupCount * 2))
                return captures.withUnsafeBufferPointer { captures in
                    captures.baseAddress.map { matched($0, pattern.groupCount, text) } ?? done(s.pointee.emptyList)
                }
            case .needsStack, .needsTable: room.enlarge()
            case .interrupted: return failInterrupted()
            }
        }
    }

    private func matched(_ captures: UnsafePointer<Int>, _ groups: Int, _ text: UnsafeBufferPointer<UInt8>) -> Step {
        if groups == 0 { return done(s.pointee.emptyList) }
        var size = Size.list(groups)
        for group in 0..<groups { size += Size.string(max(0, captures[2 * group + 1] - captures[2 * group])) }
        guard reserve(size) else { return .collect }
        let list = makeList(groups)
        for group in 0..<groups {
            list.object.values[group] = makePart(text, captures[2 * group], captures[2 * group + 1])
        }
        return done(list)
    }

    /// The part of a text between two places, null where the end is before the start; `Size.string` reserved.
    fileprivate func makePart(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Value {
        if end < 0 { return .null }
        if end == start { return s.pointee.emptyString }
        return makeString(UnsafeBufferPointer(rebasing: text[start..<end]))
    }

    /// The matcher was interrupted: says by what.
    fileprivate func failInterrupted() -> Step {
        _ = failInterrupted(machine.interruption() ?? .cancelled)
        return .error
    }

    fileprivate func split() -> Step {
        guard let pattern = compiledPattern(), let text = expectString(1) else { return .error }
        let units = fuel(pattern, text.field) + text.field / 8
        guard charge(units) else { return .error }
        var splitter = Splitter(self, pattern, text.byteBuffer)
        let step = splitter.run()
        if step == .collect { s.pointee.slice &+= units }
        return step
    }
}

/// Where a matcher works: first the machine's scratch, then free heap, with a table and a stack that grows.
private struct MatchingRoom {
    private let vm: VM
    private let pattern: Pattern
    private let text: UnsafeBufferPointer<UInt8>
    private var stackSize = 0

    init(_ vm: VM, _ pattern: Pattern, _ text: UnsafeBufferPointer<UInt8>) {
        self.vm = vm
        self.pattern = pattern
        self.text = text
        let least = PatternMatcher.fixedSize(pattern, count: text.count, hasTable: false) + PatternMatcher.minimumStack
        if least > vm.machine.patterns.scratch.count { enlarge() }
    }

    var isHeap: Bool { stackSize > 0 }

    /// Bytes taken of the heap's free room; 0 while the machine's scratch is enough.
    var size: Int {
        isHeap ? PatternMatcher.fixedSize(pattern, count: text.count, hasTable: true) + stackSize : 0
    }

    mutating func enlarge() { stackSize = max(1 << 15, stackSize * 2) }

    /// A matcher at its start; nil when room must be made. `more` bytes are reserved beyond its own.
    func makeMatcher(more: Int = 0) -> PatternMatcher? {
        let machine = vm.machine
        guard vm.reserve(size + more) else { return nil }
        let scratch =
            isHeap
            ? UnsafeMutableRawBufferPointer(start: vm.s.pointee.r.hp, count: size) : machine.patterns.scratch
        return PatternMatcher(pattern, text, scratch: scratch, hasTable: isHeap) { machine.interruption() != nil }
    }
}

/// One `split`: finds all matches, then builds the list.
///
/// In the heap's free room lie the matcher's own room and after it the matches found: for each its start and end, and
/// those of its groups.
private struct Splitter {
    private static let absent = UInt32.max

    private let vm: VM
    private let pattern: Pattern
    private let text: UnsafeBufferPointer<UInt8>
    private var room: MatchingRoom
    private var found = 0
    private var capacity = 64
    private var last = (start: 0, end: 0)

    init(_ vm: VM, _ pattern: Pattern, _ text: UnsafeBufferPointer<UInt8>) {
        self.vm = vm
        self.pattern = pattern
        self.text = text
        room = MatchingRoom(vm, pattern, text)
    }

    /// Numbers kept of one match.
    private var width: Int { 2 * (pattern.groupCount + 1) }

    private var foundSize: Int { (found * width + 1) / 2 * 8 }

    private var places: UnsafeMutablePointer<UInt32> {
        (vm.s.pointee.r.hp + room.size).assumingMemoryBound(to: UInt32.self)
    }

    mutating func run() -> Step {
        guard var matcher = room.makeMatcher(more: capacity * width * 4) else { return .collect }
        while true {
            var start = 0
            switch nextMatch(&matcher, &start) {
            case .none: return found == 0 ? unsplit() : build()
            case .match(let end):
                guard note(start, end, matcher.captures) else { return .collect }
            case .needsStack, .needsTable:
                guard let larger = enlarge() else { return .collect }
                matcher = larger
            case .interrupted: return vm.failInterrupted()
            }
        }
    }

    /// The match after the last. After an empty one, first one at the same place that is not.
    private func nextMatch(_ matcher: inout PatternMatcher, _ start: inout Int) -> PatternMatcher.Answer {
        start = last.end
        if found > 0, last.start == last.end {
            if start == text.count { return .none }
            let answer = matcher.matchNonEmpty(at: start)
            guard case .none = answer else { return answer }
            start += 1
        }
        return matcher.search(from: &start)
    }

    private mutating func note(_ start: Int, _ end: Int, _ captures: UnsafePointer<Int>) -> Bool {
        if found == capacity {
            guard vm.reserve(room.size + capacity * 2 * width * 4) else { return false }
            capacity *= 2
        }
        let place = places + found * width
        place[0] = UInt32(truncatingIfNeeded: start)
        place[1] = UInt32(truncatingIfNeeded: end)
        for index in 0..<pattern.groupCount {
            let isPart = captures[2 * index + 1] >= 0
            place[2 + 2 * index] = isPart ? UInt32(truncatingIfNeeded: captures[2 * index]) : Splitter.absent
            place[3 + 2 * index] = isPart ? UInt32(truncatingIfNeeded: captures[2 * index + 1]) : Splitter.absent
        }
        found += 1
        last = (start, end)
        return true
    }

    /// More room for the matcher: what was found moves behind it.
    private mutating func enlarge() -> PatternMatcher? {
        let before = places
        var larger = room
        larger.enlarge()
        guard vm.reserve(larger.size + capacity * width * 4) else { return nil }
        room = larger
        UnsafeMutableRawPointer(places).copyMemory(from: before, byteCount: foundSize)
        return room.makeMatcher(more: capacity * width * 4)
    }

    private func unsplit() -> Step {
        guard vm.reserve(Size.list(1)) else { return .collect }
        let list = vm.makeList(1)
        list.object.values[0] = vm.argument(1)
        return vm.done(list)
    }

    private func build() -> Step {
        var size = Size.list(2 * found + 1) + Size.string(text.count)
        var from = 0
        for match in 0..<found {
            let place = places + match * width
            size += Size.string(Int(place[0]) - from) + Size.list(pattern.groupCount)
            from = Int(place[1])
            for index in 0..<pattern.groupCount {
                size += Size.string(Int(place[3 + 2 * index]) - Int(place[2 + 2 * index]))
            }
        }
        let before = places
        guard vm.reserve(size + foundSize) else { return .collect }
        // What was found moves out of the way of what is made of it.
        let moved = (vm.s.pointee.r.hp + size).assumingMemoryBound(to: UInt32.self)
        UnsafeMutableRawPointer(moved).copyMemory(from: before, byteCount: foundSize)
        return vm.done(makeList(moved))
    }

    private func makeList(_ places: UnsafeMutablePointer<UInt32>) -> Value {
        let list = vm.makeList(2 * found + 1)
        var from = 0
        for match in 0..<found {
            let place = places + match * width
            list.object.values[2 * match] = vm.makePart(text, from, Int(place[0]))
            from = Int(place[1])
            let groups = vm.makeList(pattern.groupCount)
            for index in 0..<pattern.groupCount {
                let start = place[2 + 2 * index]
                groups.object.values[index] =
                    start == Splitter.absent ? .null : vm.makePart(text, Int(start), Int(place[3 + 2 * index]))
            }
            list.object.values[2 * match + 1] = groups
        }
        list.object.values[2 * found] = vm.makePart(text, from, text.count)
        return list
    }
}
