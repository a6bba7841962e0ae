import Glibc

/// The policy of when to collect, and how much.
extension Interpreter {
    /// The bytes that the memory limit leaves for the heap, with what collections take.
    private var heapRoom: Int {
        guard let limit = state.pointee.memoryLimit else { return state.pointee.heap.spaceSize }
        return max(0, limit - stackBytes - outsideBytes - state.pointee.remembered.byteCount)
    }

    /// The most bytes of objects for which this is also enough to collect the whole heap.
    private func mostObjects(in room: Int) -> Int {
        if state.pointee.memoryLimit == nil { return room }
        let most = room - room / Self.markingShare
        return max(0, most - Self.markingBytes(heapBytes: 0))
    }

    /// A full collection takes at most this part of what the heap holds, and a constant.
    static let markingShare = 20

    /// Whether the next collection must be a full one. It must when the old space has grown enough since the last one,
    /// when the remembered set is incomplete, or when the memory limit leaves too little room: for the copies that a minor
    /// one makes, or for a nursery afterwards.
    func isFullDue(_ bytes: Int) -> Bool {
        if !state.pointee.remembered.isComplete { return true }
        if state.pointee.stress {
            state.pointee.stressTurn &+= 1
            return state.pointee.stressTurn % 3 == 0
        }
        let old = state.pointee.heap.oldBytes
        let fresh = state.pointee.registers.hp - state.pointee.nurseryStart
        if fresh > max(Heap.largeNursery, old) || isCompactionWorthwhile { return true }
        let room = heapRoom
        if old + 2 * fresh > room { return true }
        guard state.pointee.memoryLimit != nil else { return false }
        let most = mostObjects(in: room)
        return most - old - fresh < bytes + min(Heap.nurserySize, (most - state.pointee.liveBytes) / 4)
    }

    /// Whether the old space has grown to twice what survived the last full collection, or probably holds more garbage than
    /// long-living data may pay for, and full collections took little of the time so far.
    private var isCompactionWorthwhile: Bool {
        let heap = state.pointee.heap
        let live = state.pointee.liveBytes
        if heap.oldBytes > max(Heap.firstFullThreshold, 2 * live) { return true }
        guard heap.oldBytes > Heap.smallHeap else { return false }
        let garbage = Int(Double(heap.oldBytes - live) * state.pointee.garbageShare)
        let alive = heap.oldBytes - garbage
        return garbage > alive / 4
            && heap.markedBytes + alive < heap.statistics.allocatedBytes / Heap.allocatedPerMarked
    }

    /// Opens a window of the nursery, at whose end the next collection happens. The window has the usual size, or the
    /// size of the stack if that is larger, because each collection scans the whole stack. It is so small that the limit
    /// leaves room for its survivors or, if that would be too small, for the tables of a full collection.
    func openNursery(_ bytes: Int) -> Bool {
        let old = state.pointee.heap.oldBytes
        let room = heapRoom
        let most = mostObjects(in: room) - old
        guard bytes <= most else { return false }
        let half = (room - old) / 2
        let usual = min(max(Heap.nurserySize, usedStackBytes / 2) + bytes, half < bytes ? most : min(half, most))
        let end = state.pointee.nurseryStart + (state.pointee.stress ? bytes : usual)
        guard end <= state.pointee.heap.nursery + state.pointee.heap.spaceSize else { return false }
        state.pointee.hpLimit = end
        state.pointee.windowEnd = end
        let extent = end - state.pointee.heap.nursery
        if state.pointee.heap.nurseryTouched > extent, !state.pointee.stress {
            discardPages(end, state.pointee.heap.nursery + state.pointee.heap.nurseryTouched + 4095)
            state.pointee.heap.nurseryTouched = extent
        }
        return true
    }

    /// Returns memory of the stack and the frames that an earlier, deeper recursion needed, since the whole of their
    /// windows counts towards the memory limit.
    func shrinkStacks() {
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

    /// The bytes that count towards the memory limit now: heap, stack, frames, and what is kept outside.
    var usedBytes: Int {
        let fresh = state.pointee.registers.hp - state.pointee.nurseryStart
        return state.pointee.heap.oldBytes + fresh + stackBytes + outsideBytes
    }

    /// Remembers how much is used now, for `Machine.peakBytes`. It is called where the use is about to fall, or the stack
    /// or the frames have just grown.
    ///
    /// - Parameter bytes: What a collection takes besides.
    func notePeak(besides bytes: Int = 0) { state.pointee.peakBytes = max(state.pointee.peakBytes, usedBytes + bytes) }

    /// The bytes of stack and frames that are in use.
    private var usedStackBytes: Int {
        UnsafeMutableRawPointer(state.pointee.registers.sp) - UnsafeMutableRawPointer(state.pointee.stackBase)
            + (UnsafeMutableRawPointer(state.pointee.registers.fp) - UnsafeMutableRawPointer(state.pointee.framesBase))
    }

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
