import Glibc
import Platform

/// Collection in two generations. Runs only between instructions or steps, when every live value lies on the machine's
/// stack, in its frames or among its roots.
extension Interpreter {
    /// Empties the nursery, moves everything to the other space where that is due, and leaves room for `need` bytes;
    /// false when the memory limit forbids it.
    @inline(never)
    func collect(need: Int) -> Bool {
        let start = MonotonicClock.now()
        defer { state.pointee.heap.statistics.nanoseconds &+= MonotonicClock.now() &- start }
        if !isFullDue(need) {
            collectNursery()
            if machine.isHeapAbandoned { return false }
            if openNursery(need) { return true }
        }
        collectAll()
        return !machine.isHeapAbandoned && openNursery(need)
    }

    /// Moves what is alive in the nursery to the current space.
    private func collectNursery() {
        machine.keptFailures.beginCollection()
        let heap = state.pointee.heap
        var collector = Collector(
            from: heap.nursery, extent: state.pointee.heap.spaceSize, free: heap.oldTop, failures: machine.keptFailures,
            stop: machine.stop)
        moveRoots(&collector)
        moveRemembered(&collector)
        collector.scan(from: heap.oldTop)
        if collector.isAbandoned {
            state.pointee.heap.oldTop = collector.free
            return abandon()
        }
        finish(&collector, from: heap.oldTop)
        machine.keptFailures.endCollection(isFull: false)
    }

    /// Moves everything alive to the other space.
    func collectAll() {
        machine.keptFailures.beginCollection()
        let heap = state.pointee.heap
        let from = heap.current
        let to = heap.idle
        if state.pointee.stress { mprotect(to, state.pointee.heap.spaceSize, PROT_READ | PROT_WRITE) }
        // The nursery lies between the spaces.
        var collector = Collector(
            from: min(from, heap.nursery), extent: 2 * state.pointee.heap.spaceSize, free: to,
            failures: machine.keptFailures, stop: machine.stop)
        state.pointee.remembered.forgetAll()
        moveRoots(&collector)
        collector.scan(from: to)
        if collector.isAbandoned {
            discard(to, from: 0, to: collector.free - to)
            return abandon()
        }
        let used = heap.oldBytes
        state.pointee.heap.statistics.fullCollections += 1
        // Counts what the space holds that is still the current one.
        finish(&collector, from: to)
        machine.keptFailures.endCollection(isFull: true)
        state.pointee.heap.firstIsCurrent.toggle()
        state.pointee.liveBytes = state.pointee.heap.oldBytes
        shrinkStacks()
        if state.pointee.stress {
            mprotect(from, state.pointee.heap.spaceSize, PROT_NONE)
        } else {
            discard(from, from: 0, to: used)
        }
    }

    /// Ends an evaluation that must stop while its heap is being moved: no value of the machine can be looked at any more.
    private func abandon() {
        if poll() { _ = failInterrupted(.cancelled) }
        machine.abandonHeap()
    }

    /// The collected ranges hold nothing more that is alive.
    private func finish(_ collector: inout Collector, from start: UnsafeMutableRawPointer) {
        let before = state.pointee.heap
        let fresh = state.pointee.r.hp - state.pointee.nurseryStart
        moveCaches(&collector)
        state.pointee.heap.oldTop = collector.free
        state.pointee.heap.statistics.allocatedBytes += fresh
        state.pointee.heap.statistics.collections += 1
        state.pointee.heap.statistics.copiedBytes += collector.free - start
        state.pointee.heap.statistics.peakBytes = max(
            before.statistics.peakBytes, before.oldBytes + fresh + (collector.free - start))
        state.pointee.heap.nurseryTouched = max(before.nurseryTouched, state.pointee.r.hp - before.nursery)
        emptyNursery()
    }

    /// The next object is made where the first was; under stress on pages of its own, and none of the old ones is left.
    private func emptyNursery() {
        let heap = state.pointee.heap
        guard state.pointee.stress else {
            state.pointee.r.hp = heap.nursery
            return
        }
        let page = 4096
        let used = (state.pointee.r.hp - state.pointee.nurseryStart + page - 1) & ~(page - 1)
        mprotect(state.pointee.nurseryStart, used, PROT_NONE)
        madvise(state.pointee.nurseryStart, used, MADV_DONTNEED)
        state.pointee.nurseryStart += used
        if state.pointee.nurseryStart - heap.nursery > state.pointee.heap.spaceSize / 2 {
            mprotect(heap.nursery, state.pointee.heap.spaceSize, PROT_READ | PROT_WRITE)
            state.pointee.nurseryStart = heap.nursery
        }
        state.pointee.r.hp = state.pointee.nurseryStart
    }

    private func moveRoots(_ collector: inout Collector) {
        let state = self.state
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
            let entry = state.pointee.layoutCache + index
            guard entry.pointee.left != 0 else { continue }
            entry.pointee = moved(entry.pointee, &collector) ?? LayoutCacheEntry()
        }
        moveSharedLayouts(&collector)
        state.pointee.forgetLookups { collector.isInside($0) }
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
extension Interpreter {
    /// Bytes that everything alive may take: under a limit half of what stack and programs leave, since a collection
    /// may have to move all of it.
    private var mostBytes: Int {
        guard let limit = state.pointee.memoryLimit else { return state.pointee.heap.spaceSize / 2 }
        let other = stackBytes + outsideBytes + state.pointee.remembered.byteCount
        return max(0, limit - other) / 2
    }

    /// Whether the next collection is to move everything: when as much as was alive after the last such one has
    /// lived on since, or when the limit leaves little room beside what has.
    private func isFullDue(_ need: Int) -> Bool {
        if !state.pointee.remembered.isComplete { return true }
        if state.pointee.stress {
            state.pointee.stressTurn &+= 1
            return state.pointee.stressTurn % 3 == 0
        }
        let old = state.pointee.heap.oldBytes
        if old > max(Heap.firstFull, 2 * state.pointee.liveBytes) { return true }
        guard state.pointee.memoryLimit != nil else { return false }
        let most = mostBytes
        let fresh = state.pointee.r.hp - state.pointee.nurseryStart
        return most - old - fresh < need + min(Heap.nurserySize, (most - state.pointee.liveBytes) / 4)
    }

    /// Sets where the next collection happens: after so many bytes, or as many as the stack takes, which each
    /// collection visits, and never so late that moving everything could pass the memory limit.
    func openNursery(_ need: Int) -> Bool {
        let old = state.pointee.heap.oldBytes
        let most = mostBytes
        let window = state.pointee.stress ? need : min(max(Heap.nurserySize, stackBytes) + need, most - old)
        if window < need || old + need > most { return false }
        let end = state.pointee.nurseryStart + window
        guard end <= state.pointee.heap.nursery + state.pointee.heap.spaceSize else { return false }
        state.pointee.hpLimit = end
        state.pointee.windowEnd = end
        let extent = end - state.pointee.heap.nursery
        if state.pointee.heap.nurseryTouched > extent, !state.pointee.stress {
            discard(state.pointee.heap.nursery, from: (extent + 4095) & ~4095, to: state.pointee.heap.nurseryTouched)
            state.pointee.heap.nurseryTouched = extent
        }
        return true
    }

    /// Gives back what stack and frames took when much more was on them, since all of their windows counts under a memory
    /// limit.
    private func shrinkStacks() {
        guard state.pointee.memoryLimit != nil else { return }
        let frames = state.pointee.fpLimit - state.pointee.framesBase
        let usedFrames = max(state.pointee.r.fp - state.pointee.framesBase, MachineState.firstFrameWindow / 2)
        if frames > 4 * usedFrames {
            state.pointee.deepest = max(state.pointee.deepest, machine.depthPeak)
            let kept = 2 * usedFrames
            let entry = MemoryLayout<UInt>.stride
            discardPages(state.pointee.framesBase + kept, state.pointee.framesBase + (frames + 1))
            discardPages(
                state.pointee.tailSites.first + kept * entry, state.pointee.tailSites.first + (frames + 1) * entry)
            state.pointee.fpLimit = state.pointee.framesBase + kept
        }
        let slots = state.pointee.spLimit - state.pointee.stackBase
        let usedSlots = max(state.pointee.r.sp - state.pointee.stackBase, MachineState.firstStackWindow / 2)
        if slots > 4 * (usedSlots + state.pointee.largestFrame) {
            let kept = 2 * (usedSlots + state.pointee.largestFrame)
            discardPages(state.pointee.stackBase + kept, state.pointee.stackBase + slots)
            state.pointee.spLimit = state.pointee.stackBase + kept
        }
    }

    /// Gives back the pages that lie whole between two addresses.
    private func discardPages(_ start: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer) {
        let first = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: start) + 4095) & ~4095)
        guard let first, end - first >= 4096 else { return }
        madvise(first, (end - first) & ~4095, MADV_DONTNEED)
    }

    /// Bytes of stack and frames that count: what is in use of the windows that a machine begins with, and all of larger
    /// ones, which may be filled without asking.
    var stackBytes: Int {
        let slots = state.pointee.spLimit - state.pointee.stackBase
        let frames = state.pointee.fpLimit - state.pointee.framesBase
        let countedSlots = slots > MachineState.firstStackWindow ? slots : state.pointee.r.sp - state.pointee.stackBase
        let countedFrames =
            frames > MachineState.firstFrameWindow ? frames : state.pointee.r.fp - state.pointee.framesBase
        // Each frame has a place for its first tail call.
        return countedSlots &* MemoryLayout<Value>.stride
            &+ countedFrames &* (MemoryLayout<Frame>.stride &+ MemoryLayout<UInt>.stride)
    }
}
