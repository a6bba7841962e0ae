/// Room on heap and stack, and the budget.
extension Interpreter {
    /// Whether so many bytes can be taken without collecting. Called once per step, before any effect.
    @inline(__always)
    func reserve(_ bytes: Int) -> Bool {
        if _fastPath(state.pointee.r.hp + bytes <= state.pointee.hpLimit) { return true }
        state.pointee.need = bytes
        state.pointee.needSlots = 0
        return false
    }

    /// Whether so many values can be pushed. Called before any effect.
    @inline(__always)
    func reserveSlots(_ count: Int) -> Bool {
        if _fastPath(state.pointee.r.sp + count <= state.pointee.spLimit) { return true }
        state.pointee.need = 0
        state.pointee.needSlots = count
        return false
    }

    /// Whether so many bytes can be taken in the heap and so many beside it, which the memory limit must hold together.
    /// Called before any effect; what is no longer alive in the heap makes room when the step is run anew.
    func reserve(_ bytes: Int, outside: Int) -> Bool {
        if outside <= 0 || hasRoomOutsideHeap(bytes &+ outside) { return reserve(bytes) }
        state.pointee.need = 0
        state.pointee.needSlots = 0
        state.pointee.needOutside = bytes &+ outside
        return false
    }

    /// The same of bytes beside the heap alone.
    func reserveOutside(_ bytes: Int) -> Bool { reserve(0, outside: bytes) }

    /// Takes words that were reserved.
    @inline(__always)
    func take(words: Int) -> Object {
        let object = state.pointee.r.hp.assumingMemoryBound(to: UInt64.self)
        state.pointee.r.hp += words &* 8
        return object
    }

    /// Charges fuel for a builtin's work, by semantic size, before it is done; false when none is left, with
    /// `failure` set. What is charged twice because a step ran anew is given back by the caller.
    @inline(__always)
    func charge(_ units: Int) -> Bool {
        state.pointee.grantedFuel &-= units
        return state.pointee.grantedFuel >= 0 || refill()
    }

    /// Does what `Step.collect` asks: looks at budget, stack and heap in turn. False with `failure` set when a limit
    /// forbids to go on.
    @inline(never)
    func makeRoom() -> Bool {
        // The step was stopped while it made what it needs room for.
        if machine.failure != nil { return false }
        let slots = max(state.pointee.needSlots, BuiltinCode.slack)
        let outside = state.pointee.needOutside
        state.pointee.needSlots = 0
        state.pointee.needOutside = 0
        // With nothing left, only who wants to charge is refused: when room on the heap is asked for depends on collections.
        if state.pointee.grantedFuel < 0 || state.pointee.grantedFuel == 0 && state.pointee.need == 0 && outside == 0 {
            if !refill() { return false }
            if state.pointee.remembered.isFull, !collect(need: 0) { return failCollection() }
        }
        if state.pointee.r.fp >= state.pointee.fpLimit, !growFrames() { return false }
        if state.pointee.r.sp + (slots &+ state.pointee.largestFrame) > state.pointee.spLimit,
            !growStack(slots &+ state.pointee.largestFrame)
        {
            return false
        }
        if outside > 0, !makeRoomOutside(outside) { return false }
        let need = state.pointee.need
        state.pointee.need = 0
        if state.pointee.r.hp + need <= state.pointee.hpLimit { return true }
        // Where memory is short, collections take more time than what lies between them.
        if !poll() { return false }
        return collect(need: need) || failCollection()
    }

    /// The failure of a collection that found no room, or that was stopped, which has said so itself.
    private func failCollection() -> Bool { machine.isHeapAbandoned ? false : failMemory() }

    /// Frees what is no longer alive in the heap, for so many bytes beside it; false with `failure` set.
    private func makeRoomOutside(_ bytes: Int) -> Bool {
        guard hasRoomOutsideHeap(bytes) || poll() else { return false }
        return collectForOutside(bytes) || failCollection()
    }

    /// Collects everything where so many bytes do not fit beside the heap yet; whether they do then.
    func collectForOutside(_ bytes: Int) -> Bool {
        if hasRoomOutsideHeap(bytes) { return true }
        collectAll()
        return !machine.isHeapAbandoned && openNursery(0) && hasRoomOutsideHeap(bytes)
    }

    /// Takes the next grant of fuel after looking at deadline and cancellation.
    @inline(never)
    private func refill() -> Bool {
        let debt = -min(0, state.pointee.grantedFuel)
        if let cause = machine.interruption() { return failInterrupted(cause) }
        guard let fuel = state.pointee.fuel else {
            state.pointee.fuelUsed &+= Machine.grantUnits &+ debt
            state.pointee.grantedFuel = Machine.grantUnits
            return true
        }
        // All of the limit may be used. Without a debt somebody waits for a unit.
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

    /// Bytes beside the heap that the memory limit leaves, with what the heap holds now; `Int.max` without a limit.
    var roomOutsideHeap: Int {
        guard let limit = state.pointee.memoryLimit else { return .max }
        let fresh = state.pointee.r.hp - state.pointee.nurseryStart
        return max(0, limit - stackBytes - outsideBytes - state.pointee.heap.oldBytes - fresh)
    }

    /// Whether so many more bytes beside the heap fit the memory limit.
    func hasRoomOutsideHeap(_ bytes: Int) -> Bool { bytes <= roomOutsideHeap }

    /// Whether the permanent range has room for the string of one more name.
    func hasPermanentRoom(forName length: Int) -> Bool {
        let free = state.pointee.heap.permanentSize &- state.pointee.heap.permanentBytes
        return SymbolTable.stringBytes(length) <= free &- state.pointee.symbols.promisedBytes
    }

    /// Takes words of the permanent range, which the memory limit must allow; nil with `failure` set. Where garbage may
    /// have to make room for them, the step reserves them outside the heap before.
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

    /// Counts bytes that are kept beside the heap. The next collection comes earlier, and looks at the limit.
    func countOutsideHeap(_ bytes: Int) {
        machine.store.byteCount += bytes
        bringCollectionForward(bytes)
    }

    /// Lets the next collection come earlier under a memory limit: so many bytes were taken beside the heap.
    func bringCollectionForward(_ bytes: Int) {
        guard state.pointee.memoryLimit != nil else { return }
        state.pointee.hpLimit = max(state.pointee.r.hp, state.pointee.hpLimit - (bytes + 1) / 2)
    }

    /// Bytes that count under the memory limit beside spaces and stack: of programs, names, of what is known of the
    /// store, and of failures kept.
    var outsideBytes: Int {
        state.pointee.heap.permanentBytes + state.pointee.symbols.byteCount + machine.store.byteCount
            + machine.keptFailures.byteCount
    }

    private func growFrames() -> Bool {
        let used = state.pointee.r.fp - state.pointee.framesBase
        let most = min(state.pointee.maximumDepth, state.pointee.heap.stackSize / MemoryLayout<Frame>.stride - 1)
        if used >= most { return used < state.pointee.maximumDepth ? failStackRange() : failDepth() }
        let size = min(used + growth(of: used), most)
        state.pointee.fpLimit = state.pointee.framesBase + size
        return fitsLimit()
    }

    /// How much larger a window of the stack or the frames gets: as large again where there is no memory limit, and a bit
    /// larger where the window counts under one.
    private func growth(of used: Int) -> Int {
        max(state.pointee.memoryLimit == nil ? used : used / 8, 1 << 13)
    }

    /// Room for so many values over the current frame's base, without charging. False with `failure` set when a limit
    /// forbids it.
    func makeStack(_ slots: Int) -> Bool {
        state.pointee.r.bp + (slots &+ BuiltinCode.slack) <= state.pointee.spLimit
            || growStack(slots &+ state.pointee.largestFrame)
    }

    private func growStack(_ slots: Int) -> Bool {
        let used = state.pointee.r.sp - state.pointee.stackBase
        let size = used + slots + growth(of: used)
        if size > state.pointee.heap.stackSize / MemoryLayout<Value>.stride - 4096 { return failStackRange() }
        state.pointee.spLimit = state.pointee.stackBase + size
        return fitsLimit()
    }

    /// The range of the stack or of the frames is full. Under a memory limit it holds a share of that.
    private func failStackRange() -> Bool { state.pointee.memoryLimit == nil ? failDepth() : failMemory() }

    /// The stack grew at the heap's cost: under a memory limit the heap's window is set anew.
    private func fitsLimit() -> Bool {
        if state.pointee.memoryLimit == nil { return true }
        return collect(need: 0) || failCollection()
    }
}
