/// Reserving heap and stack, and the fuel budget.
extension Interpreter {
    /// Whether `bytes` can be allocated without a collection. A step calls this once, before any effect.
    @inline(__always)
    func reserve(_ bytes: Int) -> Bool {
        if _fastPath(state.pointee.registers.hp + bytes <= state.pointee.hpLimit) { return true }
        state.pointee.neededBytes = bytes
        state.pointee.neededSlots = 0
        return false
    }

    /// Whether `count` values can be pushed. A step calls this before any effect.
    @inline(__always)
    func reserveSlots(_ count: Int) -> Bool {
        if _fastPath(state.pointee.registers.sp + count <= state.pointee.spLimit) { return true }
        state.pointee.neededBytes = 0
        state.pointee.neededSlots = count
        return false
    }

    /// Whether `bytes` in the heap and `outside` bytes outside it fit into the memory limit together. It is called
    /// before any effect of a step: on false the step returns `.collect`, and runs again after a collection.
    func reserve(_ bytes: Int, outside: Int) -> Bool {
        if outside <= 0 || hasRoomOutsideHeap(bytes &+ outside) { return reserve(bytes) }
        state.pointee.neededBytes = 0
        state.pointee.neededSlots = 0
        state.pointee.neededOutsideBytes = bytes &+ outside
        return false
    }

    /// As `reserve`, for bytes outside the heap alone.
    func reserveOutside(_ bytes: Int) -> Bool { reserve(0, outside: bytes) }

    /// Allocates words that were reserved.
    @inline(__always)
    func allocate(words: Int) -> Object {
        let object = state.pointee.registers.hp.assumingMemoryBound(to: UInt64.self)
        state.pointee.registers.hp += words &* 8
        return object
    }

    /// Charges fuel for a builtin's work before it is done, by sizes that the program made. The result is false, with
    /// `failure` set, when no fuel is left. When a step runs again, the caller refunds what it has charged already.
    @inline(__always)
    func charge(_ units: Int) -> Bool {
        state.pointee.grantedFuel &-= units
        return state.pointee.grantedFuel >= 0 || refill()
    }

    /// Carries out `Step.collect`: checks fuel, stack and heap in turn. The result is false, with `failure` set, when a
    /// limit forbids to continue.
    @inline(never)
    func makeRoom() -> Bool {
        // The step was stopped while it made what it needs room for.
        if machine.failure != nil { return false }
        let slots = max(state.pointee.neededSlots, BuiltinCode.slack)
        let outside = state.pointee.neededOutsideBytes
        state.pointee.neededSlots = 0
        state.pointee.neededOutsideBytes = 0
        // A grant that is used up exactly is refilled only for a step that wants to charge. Collections decide when a
        // step asks for heap, and fuel must not depend on them.
        if state.pointee.grantedFuel < 0
            || state.pointee.grantedFuel == 0 && state.pointee.neededBytes == 0 && outside == 0
        {
            if !refill() { return false }
            if state.pointee.remembered.isFull, !collect(reserving: 0) { return failCollection() }
        }
        if state.pointee.registers.fp >= state.pointee.fpLimit, !growFrames() { return false }
        if state.pointee.registers.sp + (slots &+ state.pointee.largestFrame) > state.pointee.spLimit,
            !growStack(slots &+ state.pointee.largestFrame)
        {
            return false
        }
        if outside > 0, !makeRoomOutside(outside) { return false }
        let bytes = state.pointee.neededBytes
        state.pointee.neededBytes = 0
        if state.pointee.registers.hp + bytes <= state.pointee.hpLimit { return true }
        // When memory is short, collections take more time than the work between them, so each one polls.
        if !poll() { return false }
        guard collect(reserving: bytes) else { return failCollection() }
        flattenOftenUsed(leaving: bytes)
        return machine.failure == nil
    }

    /// Fails because a collection found too little room. A collection that was stopped has set the failure itself.
    private func failCollection() -> Bool { machine.isHeapAbandoned ? false : failMemory() }

    /// Collects garbage to allow `bytes` outside the heap; false with `failure` set.
    private func makeRoomOutside(_ bytes: Int) -> Bool {
        guard hasRoomOutsideHeap(bytes) || poll() else { return false }
        return collectForOutsideHeap(bytes) || failCollection()
    }

    /// Makes a full collection unless `bytes` fit outside the heap already; returns whether they fit.
    func collectForOutsideHeap(_ bytes: Int) -> Bool {
        if hasRoomOutsideHeap(bytes) { return true }
        collectAll()
        return !machine.isHeapAbandoned && openNursery(0) && hasRoomOutsideHeap(bytes)
    }

    /// Polls deadline and cancellation and takes the next grant of fuel.
    @inline(never)
    private func refill() -> Bool {
        let debt = -min(0, state.pointee.grantedFuel)
        if let cause = machine.interruption() { return failInterrupted(cause) }
        guard let fuel = state.pointee.fuel else {
            state.pointee.fuelUsed &+= Machine.grantUnits &+ debt
            state.pointee.grantedFuel = Machine.grantUnits
            return true
        }
        // All of the limit may be used. Without a debt, the step waits for a single unit.
        if fuel < max(1, debt) {
            state.pointee.fuelUsed &+= fuel
            state.pointee.fuel = 0
            state.pointee.grantedFuel = 0
            return failFuel()
        }
        let grant = min(Machine.grantUnits, fuel &- debt)
        state.pointee.fuel = fuel &- debt &- grant
        state.pointee.fuelUsed &+= grant &+ debt
        state.pointee.grantedFuel = grant
        return true
    }

    /// The bytes that the memory limit leaves outside the heap, given what the heap holds now and what collecting it takes.
    /// Without a limit this is `Int.max`.
    var roomOutsideHeap: Int {
        guard let limit = state.pointee.memoryLimit else { return .max }
        let fresh = state.pointee.registers.hp - state.pointee.nurseryStart
        let heapBytes = state.pointee.heap.oldBytes + fresh
        return max(0, limit - stackBytes - outsideBytes - heapBytes - heapBytes / Self.markingShare)
    }

    /// Whether `bytes` more outside the heap fit into the memory limit.
    func hasRoomOutsideHeap(_ bytes: Int) -> Bool { bytes <= roomOutsideHeap }

    /// Whether the permanent range has room for the string of one more name.
    func hasPermanentRoom(forName length: Int) -> Bool {
        let free = state.pointee.heap.permanentSize &- state.pointee.heap.permanentBytes
        return SymbolTable.stringBytes(length) <= free &- state.pointee.symbols.promisedBytes
    }

    /// Takes words of the permanent range; nil with `failure` set if the memory limit forbids it. It does not collect:
    /// a step that may need a collection for them calls `reserveOutside` before.
    func takePermanent(words: Int) -> Object? {
        guard hasRoomOutsideHeap(8 &* words),
            let object = state.pointee.heap.allocatePermanent(
                ifRoom: words, beside: state.pointee.symbols.promisedBytes)
        else {
            _ = failMemory()
            return nil
        }
        bringCollectionForward(8 &* words)
        return object
    }

    /// Counts bytes that are kept outside the heap. The next collection comes earlier and checks the limit.
    func countOutsideHeap(_ bytes: Int) {
        machine.store.byteCount += bytes
        bringCollectionForward(bytes)
    }

    /// Under a memory limit, makes the next collection come earlier, because `bytes` were taken outside the heap.
    func bringCollectionForward(_ bytes: Int) {
        guard state.pointee.memoryLimit != nil else { return }
        state.pointee.hpLimit = max(state.pointee.registers.hp, state.pointee.hpLimit - (bytes + 1) / 2)
    }

    /// The bytes that count towards the memory limit besides spaces and stacks: programs, names, what is known of the
    /// store, and caught failures.
    var outsideBytes: Int {
        state.pointee.heap.ownPermanentBytes + state.pointee.symbols.byteCount + machine.store.byteCount
            + machine.caughtFailures.byteCount + state.pointee.imageWrites.byteCount
    }

    private func growFrames() -> Bool {
        let used = state.pointee.registers.fp - state.pointee.framesBase
        let most = min(state.pointee.maximumDepth, state.pointee.heap.stackSize / MemoryLayout<Frame>.stride - 1)
        if used >= most { return used < state.pointee.maximumDepth ? failStackRange() : failDepth() }
        let size = min(used + growth(of: used), most)
        state.pointee.fpLimit = state.pointee.framesBase + size
        notePeak()
        return fitsLimit()
    }

    /// By how much a window of the stack or the frames grows. It doubles without a memory limit. With one it grows by
    /// an eighth, because the whole window counts.
    private func growth(of used: Int) -> Int {
        max(state.pointee.memoryLimit == nil ? used : used / 8, 1 << 13)
    }

    /// Makes room for `slots` values above the current frame's base, without charging fuel. The result is false, with
    /// `failure` set, when a limit forbids it.
    func ensureStack(_ slots: Int) -> Bool {
        state.pointee.registers.bp + (slots &+ BuiltinCode.slack) <= state.pointee.spLimit
            || growStack(slots &+ state.pointee.largestFrame)
    }

    private func growStack(_ slots: Int) -> Bool {
        let used = state.pointee.registers.sp - state.pointee.stackBase
        let size = used + slots + growth(of: used)
        if size > state.pointee.heap.stackSize / MemoryLayout<Value>.stride - 4096 { return failStackRange() }
        state.pointee.spLimit = state.pointee.stackBase + size
        notePeak()
        return fitsLimit()
    }

    /// Fails because the range of the stack or of the frames is full. Under a memory limit the range is in proportion to
    /// the limit, so this means that the limit is exceeded.
    private func failStackRange() -> Bool { state.pointee.memoryLimit == nil ? failDepth() : failMemory() }

    /// The stack has grown at the expense of the heap, so under a memory limit the heap's window is set again.
    private func fitsLimit() -> Bool {
        if state.pointee.memoryLimit == nil { return true }
        return collect(reserving: 0) || failCollection()
    }
}
