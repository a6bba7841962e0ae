import Glibc
import Platform

/// Generational collection. It runs only between instructions or steps, when every live value is on the machine's
/// stack, in its frames or among its roots.
extension Interpreter {
    /// Empties the nursery, collects the whole heap when that is due, and leaves at least `bytes` bytes free. The result
    /// is false when the memory limit forbids it, or when the evaluation must stop.
    @inline(never)
    func collect(reserving bytes: Int) -> Bool {
        let start = MonotonicClock.now()
        defer { state.pointee.heap.statistics.nanoseconds &+= MonotonicClock.now() &- start }
        if !isFullDue(bytes) {
            collectNursery()
            if machine.isHeapAbandoned { return false }
            if openNursery(bytes) { return true }
        }
        collectAll()
        return !machine.isHeapAbandoned && openNursery(bytes)
    }

    /// Copies the survivors of the nursery to the current space.
    private func collectNursery() {
        machine.caughtFailures.beginCollection()
        let heap = state.pointee.heap
        var collector = Collector(
            from: heap.nursery, extent: state.pointee.heap.spaceSize, free: heap.oldTop,
            failures: machine.caughtFailures,
            stop: machine.stop)
        moveRoots(&collector)
        moveRemembered(&collector)
        collector.scan(from: heap.oldTop)
        if collector.isAbandoned {
            state.pointee.heap.oldTop = collector.free
            return abandon()
        }
        finish(&collector, from: heap.oldTop)
        machine.caughtFailures.endCollection(isFull: false)
    }

    /// Copies everything alive to the idle space, which then becomes the current one.
    func collectAll() {
        machine.caughtFailures.beginCollection()
        let heap = state.pointee.heap
        let from = heap.current
        let to = heap.idle
        if state.pointee.stress { mprotect(to, state.pointee.heap.spaceSize, PROT_READ | PROT_WRITE) }
        // The nursery lies between the two spaces, so it forms one range with either of them.
        var collector = Collector(
            from: min(from, heap.nursery), extent: 2 * state.pointee.heap.spaceSize, free: to,
            failures: machine.caughtFailures, stop: machine.stop)
        state.pointee.remembered.forgetAll()
        moveRoots(&collector)
        moveImageWrites(&collector)
        collector.scan(from: to)
        if collector.isAbandoned {
            discard(to, from: 0, to: collector.free - to)
            return abandon()
        }
        let used = heap.oldBytes
        state.pointee.heap.statistics.fullCollections += 1
        // `finish` reads how much the old space holds, so it must run before the spaces are swapped.
        finish(&collector, from: to)
        machine.caughtFailures.endCollection(isFull: true)
        state.pointee.heap.firstIsCurrent.toggle()
        state.pointee.liveBytes = state.pointee.heap.oldBytes
        shrinkStacks()
        if state.pointee.stress {
            mprotect(from, state.pointee.heap.spaceSize, PROT_NONE)
        } else {
            discard(from, from: 0, to: used)
        }
    }

    /// Ends an evaluation that must stop during a collection. No value of the machine may be read after this.
    private func abandon() {
        if poll() { _ = failInterrupted(.cancelled) }
        machine.abandonHeap()
    }

    /// Updates caches and statistics after the survivors have left the nursery, and empties it.
    private func finish(_ collector: inout Collector, from start: UnsafeMutableRawPointer) {
        let before = state.pointee.heap
        let fresh = state.pointee.registers.hp - state.pointee.nurseryStart
        notePeak(copied: collector.free - start)
        moveCaches(&collector)
        state.pointee.heap.oldTop = collector.free
        state.pointee.heap.statistics.allocatedBytes += fresh
        state.pointee.heap.statistics.collections += 1
        state.pointee.heap.statistics.copiedBytes += collector.free - start
        state.pointee.heap.statistics.peakBytes = max(
            before.statistics.peakBytes, before.oldBytes + fresh + (collector.free - start))
        state.pointee.heap.nurseryTouched = max(before.nurseryTouched, state.pointee.registers.hp - before.nursery)
        emptyNursery()
    }

    /// Makes allocation start again at the beginning of the nursery. Under stress it uses fresh pages instead and makes
    /// the old ones inaccessible, so that a stale pointer faults.
    private func emptyNursery() {
        let heap = state.pointee.heap
        guard state.pointee.stress else {
            state.pointee.registers.hp = heap.nursery
            return
        }
        let page = 4096
        let used = (state.pointee.registers.hp - state.pointee.nurseryStart + page - 1) & ~(page - 1)
        mprotect(state.pointee.nurseryStart, used, PROT_NONE)
        madvise(state.pointee.nurseryStart, used, MADV_DONTNEED)
        state.pointee.nurseryStart += used
        if state.pointee.nurseryStart - heap.nursery > state.pointee.heap.spaceSize / 2 {
            mprotect(heap.nursery, state.pointee.heap.spaceSize, PROT_READ | PROT_WRITE)
            state.pointee.nurseryStart = heap.nursery
        }
        state.pointee.registers.hp = state.pointee.nurseryStart
    }

    private func moveRoots(_ collector: inout Collector) {
        let state = self.state
        collector.copy(from: state.pointee.stackBase, count: state.pointee.registers.sp - state.pointee.stackBase)
        var frame = state.pointee.framesBase
        while frame < state.pointee.registers.fp {
            frame.pointee.env = collector.moved(frame.pointee.env)
            if frame.pointee.update > 7 {
                let object = Object(bitPattern: frame.pointee.update & ~7).unsafelyUnwrapped
                frame.pointee.update =
                    UInt(bitPattern: collector.moved(object)) | frame.pointee.update & 7
            }
            frame += 1
        }
        state.pointee.registers.env = collector.moved(state.pointee.registers.env)
        collector.copy(from: state.pointee.roots, count: state.pointee.rootCount)
        state.pointee.result = collector.moved(state.pointee.result)
        state.pointee.pending = collector.moved(state.pointee.pending)
    }

    /// Updates the addresses in the caches, and drops each entry whose objects did not survive.
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
        // Only this entry refers to the runs. They hold no values, so they need no scan.
        if let runs = Object(bitPattern: entry.runs) { moved.runs = UInt(bitPattern: collector.moved(runs)) }
        return moved
    }

    private func discard(_ space: UnsafeMutableRawPointer, from start: Int, to end: Int) {
        if end > start { madvise(space + start, (end - start + 0xFFFF) & ~0xFFFF, MADV_DONTNEED) }
    }
}

/// The policy of when to collect, and how much.
extension Interpreter {
    /// The most bytes that live objects may take. Under a memory limit this is half of what stacks and programs leave,
    /// because a full collection may have to copy all of it.
    private var maximumLiveBytes: Int {
        guard let limit = state.pointee.memoryLimit else { return state.pointee.heap.spaceSize / 2 }
        let other = stackBytes + outsideBytes + state.pointee.remembered.byteCount
        return max(0, limit - other) / 2
    }

    /// Whether the next collection must be a full one. It must when the space has grown to twice what survived the last
    /// full one, when the remembered set is incomplete, or when the memory limit leaves too little room for a nursery.
    private func isFullDue(_ bytes: Int) -> Bool {
        if !state.pointee.remembered.isComplete { return true }
        if state.pointee.stress {
            state.pointee.stressTurn &+= 1
            return state.pointee.stressTurn % 3 == 0
        }
        let old = state.pointee.heap.oldBytes
        if old > max(Heap.firstFullThreshold, 2 * state.pointee.liveBytes) { return true }
        guard state.pointee.memoryLimit != nil else { return false }
        let maximum = maximumLiveBytes
        let fresh = state.pointee.registers.hp - state.pointee.nurseryStart
        return maximum - old - fresh < bytes + min(Heap.nurserySize, (maximum - state.pointee.liveBytes) / 4)
    }

    /// Opens a window of the nursery, at whose end the next collection happens. The window has the usual size, or the
    /// size of the stack if that is larger, because each collection scans the whole stack. It is never so large that a
    /// full collection could exceed the memory limit.
    func openNursery(_ bytes: Int) -> Bool {
        let old = state.pointee.heap.oldBytes
        let maximum = maximumLiveBytes
        let window = state.pointee.stress ? bytes : min(max(Heap.nurserySize, stackBytes) + bytes, maximum - old)
        if window < bytes || old + bytes > maximum { return false }
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

    /// Returns memory of the stack and the frames that an earlier, deeper recursion needed, since the whole of their
    /// windows counts towards the memory limit.
    private func shrinkStacks() {
        guard state.pointee.memoryLimit != nil else { return }
        let frames = state.pointee.fpLimit - state.pointee.framesBase
        let usedFrames = max(state.pointee.registers.fp - state.pointee.framesBase, MachineState.firstFrameWindow / 2)
        if frames > 4 * usedFrames {
            state.pointee.earlierDepthPeak = max(state.pointee.earlierDepthPeak, machine.depthPeak)
            let kept = 2 * usedFrames
            let entry = MemoryLayout<UInt>.stride
            discardPages(state.pointee.framesBase + kept, state.pointee.framesBase + (frames + 1))
            discardPages(
                state.pointee.tailSites.first + kept * entry, state.pointee.tailSites.first + (frames + 1) * entry)
            state.pointee.fpLimit = state.pointee.framesBase + kept
        }
        let slots = state.pointee.spLimit - state.pointee.stackBase
        let usedSlots = max(state.pointee.registers.sp - state.pointee.stackBase, MachineState.firstStackWindow / 2)
        if slots > 4 * (usedSlots + state.pointee.largestFrame) {
            let kept = 2 * (usedSlots + state.pointee.largestFrame)
            discardPages(state.pointee.stackBase + kept, state.pointee.stackBase + slots)
            state.pointee.spLimit = state.pointee.stackBase + kept
        }
    }

    /// Returns the whole pages between two addresses to the system.
    private func discardPages(_ start: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer) {
        let first = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: start) + 4095) & ~4095)
        guard let first, end - first >= 4096 else { return }
        madvise(first, (end - first) & ~4095, MADV_DONTNEED)
    }

    /// The bytes that count towards the memory limit now: heap, stack, frames, and what is kept outside.
    var usedBytes: Int {
        let fresh = state.pointee.registers.hp - state.pointee.nurseryStart
        return state.pointee.heap.oldBytes + fresh + stackBytes + outsideBytes
    }

    /// Remembers how much is used now, for `Machine.peakBytes`. It is called where the use is about to fall, or the stack
    /// or the frames have just grown.
    ///
    /// - Parameter copied: The bytes of the copies that a collection has made so far.
    func notePeak(copied: Int = 0) { state.pointee.peakBytes = max(state.pointee.peakBytes, usedBytes + copied) }

    /// The bytes of stack and frames that count towards the memory limit. Of a window that still has its initial size
    /// only the part in use counts. A larger window counts as a whole, because it may be filled without another check.
    var stackBytes: Int {
        let slots = state.pointee.spLimit - state.pointee.stackBase
        let frames = state.pointee.fpLimit - state.pointee.framesBase
        let countedSlots =
            slots > MachineState.firstStackWindow ? slots : state.pointee.registers.sp - state.pointee.stackBase
        let countedFrames =
            frames > MachineState.firstFrameWindow ? frames : state.pointee.registers.fp - state.pointee.framesBase
        // Each frame has an entry in `TailSites` for its first tail call.
        return countedSlots &* MemoryLayout<Value>.stride
            &+ countedFrames &* (MemoryLayout<Frame>.stride &+ MemoryLayout<UInt>.stride)
    }
}
