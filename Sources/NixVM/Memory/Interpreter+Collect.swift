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

    /// Copies the survivors of the nursery to the end of the old space.
    private func collectNursery() {
        machine.caughtFailures.beginCollection()
        let heap = state.pointee.heap
        var collector = Collector(
            from: heap.nursery, extent: heap.spaceSize, free: heap.oldTop, failures: machine.caughtFailures,
            stop: machine.stop)
        visitRoots(&collector)
        moveRemembered(&collector)
        collector.scan(from: heap.oldTop)
        if collector.isAbandoned {
            state.pointee.heap.oldTop = collector.free
            return abandon()
        }
        moveCaches(&collector)
        let survived = collector.free - heap.oldTop
        finish(survived: survived, besides: survived)
        state.pointee.heap.oldTop = collector.free
        machine.caughtFailures.endCollection(isFull: false)
    }

    /// Marks everything alive, and moves it together at the start of the old space. This needs no second space: the
    /// tables take a thirty-second part of what the heap holds, and the stack for marking at most half of that.
    func collectAll() {
        machine.caughtFailures.beginCollection()
        state.pointee.remembered.forgetAll()
        let heap = state.pointee.heap
        let spaces = heap.spaces(nursery: state.pointee.nurseryStart, hp: state.pointee.registers.hp)
        let heapBytes = spaces.reduce(0) { $0 + $1.count }
        defer { for space in spaces { heap.marks.clear(from: space.lowerBound, to: space.upperBound) } }
        guard markAll(spaces, heapBytes: heapBytes) else { return abandon() }
        let target = state.pointee.stress ? otherStart() : heap.oldStart
        var compactor = Compactor(heap.marks, spaces, to: target, stop: machine.stop)
        visitRoots(&compactor)
        moveImageWrites(&compactor)
        moveCaches(&compactor)
        compactor.move(spaces[0], returnsPages: false)
        let kept = compactor.free - target
        if !compactor.isAbandoned { compactor.move(spaces[1], returnsPages: true) }
        if compactor.isAbandoned {
            // Whoever empties the heap must find everything that was written.
            state.pointee.heap.oldTop = max(heap.oldTop, compactor.free)
            return abandon()
        }
        finish(survived: compactor.free - target, besides: Self.markingBytes(heapBytes: heapBytes))
        state.pointee.heap.oldStart = target
        state.pointee.heap.oldTop = compactor.free
        machine.caughtFailures.endCollection(isFull: true)
        state.pointee.heap.statistics.fullCollections += 1
        noteLive(kept: kept, of: heap.oldBytes)
        shrinkStacks()
        returnOldSpace(before: heap)
    }

    /// Notes what survived a full collection.
    ///
    /// - Parameters:
    ///   - kept: The bytes that survived of those that were in the old space before.
    ///   - before: The bytes that were in the old space before.
    private func noteLive(kept: Int, of before: Int) {
        let added = before - state.pointee.liveBytes
        if added > 0 { state.pointee.garbageShare = min(1, Double(before - kept) / Double(added)) }
        let live = state.pointee.heap.oldBytes
        state.pointee.heap.markedBytes += live
        state.pointee.liveBytes = live
    }

    /// Marks everything alive. The result is false when the evaluation must stop.
    private func markAll(_ spaces: [Range<UInt>], heapBytes: Int) -> Bool {
        let heap = state.pointee.heap
        var marker = Marker(heap, heapBytes: heapBytes, failures: machine.caughtFailures, stop: machine.stop)
        visitRoots(&marker)
        moveImageWrites(&marker)
        marker.finish(spaces)
        // Only their entry refers to the runs of a union.
        for index in 0..<LayoutCacheEntry.count where state.pointee.layoutCache[index].left != 0 {
            _ = moved(state.pointee.layoutCache[index], &marker)
        }
        let stack = UnsafeMutableRawPointer(heap.markStack)
        discardPages(stack, stack + Marker.stackBytes(heapBytes: heapBytes))
        return !marker.isAbandoned
    }

    /// The bytes that a full collection of so many bytes takes.
    static func markingBytes(heapBytes: Int) -> Int {
        MarkTable.byteCount(covering: heapBytes) + Marker.stackBytes(heapBytes: heapBytes)
    }

    /// Under stress, the start of the half of the old space that is not in use, for every second collection. All that moves
    /// there leaves the other half, so that a stale pointer faults.
    private func otherStart() -> UnsafeMutableRawPointer {
        let heap = state.pointee.heap
        guard heap.statistics.fullCollections % 2 == 0 else { return heap.oldStart }
        let target = heap.oldStart == heap.objects ? heap.objects + heap.spaceSize / 2 : heap.objects
        mprotect(target, heap.spaceSize / 2, PROT_READ | PROT_WRITE)
        return target
    }

    /// Returns to the system what the old space does not hold any more.
    private func returnOldSpace(before: Heap) {
        let heap = state.pointee.heap
        if heap.oldStart != before.oldStart {
            mprotect(before.oldStart, heap.spaceSize / 2, PROT_NONE)
            madvise(before.oldStart, heap.spaceSize / 2, MADV_DONTNEED)
        } else {
            discardPages(heap.oldTop, before.oldTop + 4095)
        }
    }

    /// Ends an evaluation that must stop during a collection. No value of the machine may be read after this.
    private func abandon() {
        if poll() { _ = failInterrupted(.cancelled) }
        machine.abandonHeap()
    }

    /// Updates statistics after the survivors have left the nursery, and empties it.
    ///
    /// - Parameters:
    ///   - survived: The bytes of the survivors.
    ///   - besides: The bytes that the collection took beside what the heap held.
    private func finish(survived: Int, besides: Int) {
        let before = state.pointee.heap
        let fresh = state.pointee.registers.hp - state.pointee.nurseryStart
        notePeak(besides: besides)
        state.pointee.heap.statistics.allocatedBytes += fresh
        state.pointee.heap.statistics.collections += 1
        state.pointee.heap.statistics.copiedBytes += survived
        state.pointee.heap.statistics.peakBytes = max(
            before.statistics.peakBytes, before.oldBytes + fresh + besides)
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

    /// Visits all references that are not in objects.
    private func visitRoots(_ visitor: inout some ReferenceVisitor) {
        let state = self.state
        visitor.visit(state.pointee.stackBase, count: state.pointee.registers.sp - state.pointee.stackBase)
        var frame = state.pointee.framesBase
        while frame < state.pointee.registers.fp {
            frame.pointee.env = visitor.visit(frame.pointee.env)
            if frame.pointee.update > 7 {
                let object = Object(bitPattern: frame.pointee.update & ~7).unsafelyUnwrapped
                frame.pointee.update =
                    UInt(bitPattern: visitor.visit(object)) | frame.pointee.update & 7
            }
            frame += 1
        }
        state.pointee.registers.env = visitor.visit(state.pointee.registers.env)
        visitor.visit(state.pointee.roots, count: state.pointee.rootCount)
        state.pointee.result = visitor.visit(state.pointee.result)
        state.pointee.pending = visitor.visit(state.pointee.pending)
        state.pointee.unionToFlatten = visitor.visit(state.pointee.unionToFlatten)
    }

    /// Updates the addresses in the caches, and drops each entry whose objects did not survive.
    private func moveCaches(_ visitor: inout some ReferenceVisitor) {
        for index in 0..<LayoutCacheEntry.count {
            let entry = state.pointee.layoutCache + index
            guard entry.pointee.left != 0 else { continue }
            entry.pointee = moved(entry.pointee, &visitor) ?? LayoutCacheEntry()
        }
        moveSharedLayouts(visitor)
        state.pointee.forgetLookups { [visitor] in visitor.isInside($0) }
    }

    private func moved(_ entry: LayoutCacheEntry, _ visitor: inout some ReferenceVisitor) -> LayoutCacheEntry? {
        guard let left = visitor.survivor(entry.left), let union = visitor.survivor(entry.union) else { return nil }
        var moved = LayoutCacheEntry(left: left, right: 0, union: union, runs: 0)
        if entry.right != 0 {
            guard let right = visitor.survivor(entry.right) else { return nil }
            moved.right = right
        }
        // Only this entry refers to the runs. They hold no values, so they need no scan.
        if let runs = Object(bitPattern: entry.runs) { moved.runs = UInt(bitPattern: visitor.visit(runs)) }
        return moved
    }

    /// Returns the whole pages between two addresses to the system.
    func discardPages(_ start: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer) {
        let first = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: start) + 4095) & ~4095)
        guard let first, end - first >= 4096 else { return }
        madvise(first, (end - first) & ~4095, MADV_DONTNEED)
    }
}
