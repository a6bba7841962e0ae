import Glibc

/// Collection in two generations. Runs only between instructions or steps, when every live value lies on the machine's
/// stack, in its frames or among its roots.
extension VM {
    /// Empties the nursery, moves everything to the other space where that is due, and leaves room for `need` bytes;
    /// false when the memory limit forbids it.
    @inline(never)
    func collect(need: Int) -> Bool {
        let start = monotonicNanoseconds()
        defer { s.pointee.heap.statistics.nanoseconds &+= monotonicNanoseconds() &- start }
        if isFullDue(need) {
            collectAll()
            return openNursery(need)
        }
        collectNursery()
        if openNursery(need) { return true }
        collectAll()
        return openNursery(need)
    }

    /// Moves what is alive in the nursery to the current space.
    private func collectNursery() {
        machine.keptFailures.beginCollection()
        let heap = s.pointee.heap
        var collector = Collector(
            from: heap.nursery, extent: s.pointee.heap.spaceSize, free: heap.oldTop, failures: machine.keptFailures)
        moveRoots(&collector)
        moveRemembered(&collector)
        collector.scan(from: heap.oldTop)
        finish(&collector, from: heap.oldTop)
        machine.keptFailures.endCollection(isFull: false)
    }

    /// Moves everything alive to the other space.
    func collectAll() {
        machine.keptFailures.beginCollection()
        let heap = s.pointee.heap
        let from = heap.current
        let to = heap.idle
        if s.pointee.stress { mprotect(to, s.pointee.heap.spaceSize, PROT_READ | PROT_WRITE) }
        // The nursery lies between the spaces.
        var collector = Collector(
            from: min(from, heap.nursery), extent: 2 * s.pointee.heap.spaceSize, free: to,
            failures: machine.keptFailures)
        s.pointee.remembered.forgetAll()
        moveRoots(&collector)
        collector.scan(from: to)
        let used = heap.oldBytes
        s.pointee.heap.statistics.fullCollections += 1
        // Counts what the space holds that is still the current one.
        finish(&collector, from: to)
        machine.keptFailures.endCollection(isFull: true)
        s.pointee.heap.firstIsCurrent.toggle()
        s.pointee.liveBytes = s.pointee.heap.oldBytes
        if s.pointee.stress {
            mprotect(from, s.pointee.heap.spaceSize, PROT_NONE)
        } else {
            discard(from, from: 0, to: used)
        }
    }

    /// The collected ranges hold nothing more that is alive.
    private func finish(_ collector: inout Collector, from start: UnsafeMutableRawPointer) {
        let before = s.pointee.heap
        let fresh = s.pointee.r.hp - s.pointee.nurseryStart
        moveCaches(&collector)
        s.pointee.heap.oldTop = collector.free
        s.pointee.heap.statistics.allocatedBytes += fresh
        s.pointee.heap.statistics.collections += 1
        s.pointee.heap.statistics.copiedBytes += collector.free - start
        s.pointee.heap.statistics.peakBytes = max(
            before.statistics.peakBytes, before.oldBytes + fresh + (collector.free - start))
        s.pointee.heap.nurseryTouched = max(before.nurseryTouched, s.pointee.r.hp - before.nursery)
        emptyNursery()
    }

    /// The next object is made where the first was; under stress on pages of its own, and none of the old ones is left.
    private func emptyNursery() {
        let heap = s.pointee.heap
        guard s.pointee.stress else {
            s.pointee.r.hp = heap.nursery
            return
        }
        let page = 4096
        let used = (s.pointee.r.hp - s.pointee.nurseryStart + page - 1) & ~(page - 1)
        mprotect(s.pointee.nurseryStart, used, PROT_NONE)
        madvise(s.pointee.nurseryStart, used, MADV_DONTNEED)
        s.pointee.nurseryStart += used
        if s.pointee.nurseryStart - heap.nursery > s.pointee.heap.spaceSize / 2 {
            mprotect(heap.nursery, s.pointee.heap.spaceSize, PROT_READ | PROT_WRITE)
            s.pointee.nurseryStart = heap.nursery
        }
        s.pointee.r.hp = s.pointee.nurseryStart
    }

    private func moveRoots(_ collector: inout Collector) {
        let state = s
        collector.copy(from: state.pointee.stackBase, count: state.pointee.r.sp - state.pointee.stackBase)
        var frame = state.pointee.framesBase
        while frame < state.pointee.r.fp {
            frame.pointee.env = collector.moved(frame.pointee.env)
            if frame.pointee.update > 7 {
                let object = Object(bitPattern: frame.pointee.update & ~7).unsafelyUnwrapped
                frame.pointee.update =
                    UInt(bitPattern: collector.moved(object)) | frame.pointee.update & 7
            }
            frame += 1
        }
        state.pointee.r.env = collector.moved(state.pointee.r.env)
        collector.copy(from: state.pointee.roots, count: state.pointee.rootCount)
        state.pointee.result = collector.moved(state.pointee.result)
        state.pointee.pending = collector.moved(state.pointee.pending)
    }

    /// What is known by address moves along, or is forgotten with what it is about.
    private func moveCaches(_ collector: inout Collector) {
        for index in 0..<LayoutCacheEntry.count {
            let entry = s.pointee.layoutCache + index
            guard entry.pointee.left != 0 else { continue }
            entry.pointee = moved(entry.pointee, &collector) ?? LayoutCacheEntry()
        }
        moveSharedLayouts(&collector)
        s.pointee.forgetLookups { collector.isInside($0) }
    }

    private func moved(_ entry: LayoutCacheEntry, _ collector: inout Collector) -> LayoutCacheEntry? {
        guard let left = collector.survivor(entry.left), let union = collector.survivor(entry.union) else { return nil }
        var moved = LayoutCacheEntry(left: left, right: 0, union: union, runs: 0)
        if entry.right != 0 {
            guard let right = collector.survivor(entry.right) else { return nil }
            moved.right = right
        }
        // The runs are known here alone. They hold no values, so that nothing is left to scan.
        if let runs = Object(bitPattern: entry.runs) { moved.runs = UInt(bitPattern: collector.moved(runs)) }
        return moved
    }

    private func discard(_ space: UnsafeMutableRawPointer, from start: Int, to end: Int) {
        if end > start { madvise(space + start, (end - start + 0xFFFF) & ~0xFFFF, MADV_DONTNEED) }
    }
}

/// When to collect.
extension VM {
    /// Bytes that everything alive may take: under a limit half of what stack and programs leave, since a collection
    /// may have to move all of it.
    private var mostBytes: Int {
        guard let limit = s.pointee.memoryLimit else { return s.pointee.heap.spaceSize / 2 }
        let other = stackBytes + outsideBytes + s.pointee.remembered.byteCount
        return max(0, limit - other) / 2
    }

    /// Whether the next collection is to move everything: when as much as was alive after the last such one has
    /// lived on since, or when the limit leaves little room beside what has.
    private func isFullDue(_ need: Int) -> Bool {
        if !s.pointee.remembered.isComplete { return true }
        if s.pointee.stress {
            s.pointee.stressTurn &+= 1
            return s.pointee.stressTurn % 3 == 0
        }
        let old = s.pointee.heap.oldBytes
        if old > max(Heap.firstFull, 2 * s.pointee.liveBytes) { return true }
        guard s.pointee.memoryLimit != nil else { return false }
        let most = mostBytes
        let fresh = s.pointee.r.hp - s.pointee.nurseryStart
        return most - old - fresh < need + min(Heap.nurserySize, (most - s.pointee.liveBytes) / 4)
    }

    /// Sets where the next collection happens: after so many bytes, or as many as the stack takes, which each
    /// collection visits, and never so late that moving everything could pass the memory limit.
    func openNursery(_ need: Int) -> Bool {
        let old = s.pointee.heap.oldBytes
        let most = mostBytes
        let window = s.pointee.stress ? need : min(max(Heap.nurserySize, stackBytes) + need, most - old)
        if window < need || old + need > most { return false }
        let end = s.pointee.nurseryStart + window
        guard end <= s.pointee.heap.nursery + s.pointee.heap.spaceSize else { return false }
        s.pointee.hpLimit = end
        s.pointee.windowEnd = end
        let extent = end - s.pointee.heap.nursery
        if s.pointee.heap.nurseryTouched > extent, !s.pointee.stress {
            discard(s.pointee.heap.nursery, from: (extent + 4095) & ~4095, to: s.pointee.heap.nurseryTouched)
            s.pointee.heap.nurseryTouched = extent
        }
        return true
    }

    /// Bytes of stack and frames that count: what is in use of the windows that a machine begins with, and all of larger
    /// ones, which may be filled without asking.
    var stackBytes: Int {
        let slots = s.pointee.spLimit - s.pointee.stackBase
        let frames = s.pointee.fpLimit - s.pointee.framesBase
        let countedSlots = slots > MachineState.firstStackWindow ? slots : s.pointee.r.sp - s.pointee.stackBase
        let countedFrames = frames > MachineState.firstFrameWindow ? frames : s.pointee.r.fp - s.pointee.framesBase
        // Each frame has a place for its first tail call.
        return countedSlots &* MemoryLayout<Value>.stride
            &+ countedFrames &* (MemoryLayout<Frame>.stride &+ MemoryLayout<UInt>.stride)
    }
}

/// The monotonic clock in nanoseconds.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
