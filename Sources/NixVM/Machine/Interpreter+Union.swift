/// Unions of attribute sets.
///
/// Both layouts are sorted by symbol, so the union consists of runs of neighbours from one side or the other. Joining a
/// small set to a large one takes a binary search for each key and a few block copies. The union of two layouts is
/// cached, with its runs when they are few, because the same two expressions of a program often make sets that are
/// joined.
extension Interpreter {
    /// The union of two flat sets, in which `b` takes precedence. The caller has reserved `Size.union`.
    /// The result is nil, with `failure` set, when the evaluation must stop.
    ///
    /// It is a set of its own, as in Nix, even if it has the attributes of `b`: the printer shows only a set that comes
    /// again as `«repeated»`.
    func merge(_ a: Object, _ b: Object) -> Value? {
        let (left, right) = (a.ownLayout, b.ownLayout)
        if left == right { return duplicate(b) }
        let slot = state.pointee.layoutCache + cacheIndex(left, right)
        if slot.pointee.left != UInt(bitPattern: left) || slot.pointee.right != UInt(bitPattern: right) {
            guard let union = mergeLayouts(left, right) else { return nil }
            slot.pointee = union
        }
        let union = Object(bitPattern: slot.pointee.union).unsafelyUnwrapped
        // The union has no attribute of `a`.
        if union == right { return duplicate(b) }
        let result = allocate(words: 2 &+ union.field)
        result[0] = Object.header(Kind.attributes, field: union.field)
        result[1] = UInt64(UInt(bitPattern: union))
        if let runs = Object(bitPattern: slot.pointee.runs) {
            guard copyRuns(runs, a.ownValues, b.ownValues, to: result.ownValues) else { return nil }
        } else {
            guard mergeValues(a, b, union, to: result.ownValues) else { return nil }
        }
        return Value(Tag.attributes, result)
    }

    /// Another set with the same attributes. The caller has reserved `Size.attributes`. The result is nil, with
    /// `failure` set, when the evaluation must stop.
    func duplicate(_ set: Object) -> Value? {
        let count = set.field
        let result = allocate(words: 2 &+ count)
        result[0] = Object.header(Kind.attributes, field: count)
        result[1] = set[1]
        guard copy(set.ownValues, to: result.ownValues, count: count) else { return nil }
        return Value(Tag.attributes, result)
    }

    @inline(__always)
    func cacheIndex(_ a: Object, _ b: Object) -> Int {
        let hash = (UInt(bitPattern: a) &>> 4) &* 0x9E37_79B9 ^ (UInt(bitPattern: b) &>> 4) &* 0x85EB_CA6B
        return Int((hash &>> 8) & UInt(LayoutCacheEntry.count - 1))
    }

    /// Makes the layout of a union and, after it, the object of its runs. The result is nil, with `failure` set, when the
    /// evaluation must stop.
    private func mergeLayouts(_ a: Object, _ b: Object) -> LayoutCacheEntry? {
        let left = a.entries
        let right = b.entries
        let leftCount = a.field
        let rightCount = b.field
        let union = state.pointee.registers.hp.assumingMemoryBound(to: UInt64.self)
        let out = union.entries
        // The runs are collected after the end of the largest layout possible.
        let runs = UnsafeMutableRawPointer(union + (2 &+ leftCount &+ rightCount + 1)).assumingMemoryBound(
            to: UnionRun.self)
        // A run cannot hold the indices of larger sets.
        var runCount = max(leftCount, rightCount) < 1 << 31 ? 0 : UnionRun.limit &+ 1
        var takesLeft = false
        var i = 0
        var j = 0
        var count = 0
        func add(_ isRight: Bool, _ start: Int, _ end: Int) -> Bool {
            if end == start { return true }
            guard poll(at: runCount),
                copy((isRight ? right : left) + start, to: out + count, count: end &- start)
            else { return false }
            count &+= end &- start
            if !isRight { takesLeft = true }
            if runCount < UnionRun.limit {
                runs[runCount] = UnionRun(
                    start: UInt32(truncatingIfNeeded: start &<< 1 | (isRight ? 1 : 0)),
                    count: UInt32(truncatingIfNeeded: end &- start))
            }
            runCount &+= 1
            return true
        }
        while i < leftCount, j < rightCount {
            let leftEnd = runEnd(left, i, leftCount, before: right[j].symbol, otherCount: rightCount &- j)
            guard add(false, i, leftEnd) else { return nil }
            i = leftEnd
            let rightStart = j
            while j < rightCount, i == leftCount || right[j].symbol <= left[i].symbol {
                if i < leftCount, right[j].symbol == left[i].symbol { i &+= 1 }
                j &+= 1
            }
            guard add(true, rightStart, j) else { return nil }
        }
        guard add(false, i, leftCount), add(true, j, rightCount) else { return nil }
        var entry = LayoutCacheEntry(
            left: UInt(bitPattern: a), right: UInt(bitPattern: b), union: UInt(bitPattern: b))
        if !takesLeft { return entry }
        union[0] = Object.header(Kind.layout, field: count)
        union[1] = Value.null.bits
        _ = allocate(words: 2 &+ count)
        entry.union = UInt(bitPattern: shared(union))
        if runCount <= UnionRun.limit {
            let kept = allocate(words: 1 &+ runCount)
            UnsafeMutableRawPointer(kept + 1).copyMemory(from: runs, byteCount: runCount &* 8)
            kept[0] = Object.header(Kind.bytes, field: runCount &* 8)
            entry.runs = UInt(bitPattern: kept)
        }
        return entry
    }

    /// The first index from `start` whose symbol is not less than the given one. This is a binary search if the other
    /// side has few keys left.
    @inline(__always)
    private func runEnd(
        _ entries: UnsafeMutablePointer<LayoutEntry>, _ start: Int, _ end: Int, before symbol: UInt32, otherCount: Int
    ) -> Int {
        if end &- start > 8 &* otherCount { return start &+ lowerBound(entries + start, end &- start, symbol) }
        var index = start
        while index < end, entries[index].symbol < symbol { index &+= 1 }
        return index
    }

    /// Copies the values of a union, run by run; false with `failure` set when the evaluation must stop.
    private func copyRuns(_ runs: Object, _ left: Slot, _ right: Slot, to target: Slot) -> Bool {
        var out = target
        var run = UnsafeMutableRawPointer(runs + 1).assumingMemoryBound(to: UnionRun.self)
        let end = run + runs.field / 8
        while run < end {
            let source = (run.pointee.start & 1 == 1 ? right : left) + Int(run.pointee.start &>> 1)
            let count = Int(run.pointee.count)
            if count < 8 {
                for index in 0..<count { out[index] = source[index] }
            } else {
                guard copy(source, to: out, count: count) else { return false }
            }
            out += count
            run += 1
        }
        return true
    }

    /// Copies the values of a union, attribute by attribute; false with `failure` set when the evaluation must stop.
    private func mergeValues(_ a: Object, _ b: Object, _ layout: Object, to out: Slot) -> Bool {
        let count = layout.field
        let keys = layout.entries
        let right = b.ownLayout.entries
        let left = a.ownLayout.entries
        let (leftValues, rightValues) = (a.ownValues, b.ownValues)
        let leftCount = a.field
        let rightCount = b.field
        var i = 0
        var j = 0
        var index = 0
        while index < count {
            guard poll(at: index) else { return false }
            let symbol = keys[index].symbol
            let isRight = j < rightCount && right[j].symbol == symbol
            let isLeft = i < leftCount && left[i].symbol == symbol
            out[index] = isRight ? rightValues[j] : leftValues[i]
            j &+= isRight ? 1 : 0
            i &+= isLeft ? 1 : 0
            index &+= 1
        }
        return true
    }
}
