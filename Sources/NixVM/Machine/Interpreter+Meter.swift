import NixFormats

/// How work on text is charged and counted: a part of it runs in `NixFormats`, with a meter that the machine fills.
extension Machine: WorkBudget {
    package func refill(_ units: Int) -> Int? {
        state.pointee.grantedFuel = units
        return interpreter.charge(0) ? state.pointee.grantedFuel : nil
    }
}

extension Interpreter {
    /// The fuel left of the grant, and the bytes that may be taken beside the heap. Until `settle`, nothing else charges.
    @inline(__always)
    func makeMeter() -> WorkMeter {
        // What the window still holds is there even if the limit has come nearer since it was opened.
        let room =
            state.pointee.memoryLimit == nil
            ? Int.max : max(roomOutsideHeap, state.pointee.hpLimit - state.pointee.r.hp)
        return WorkMeter(units: state.pointee.grantedFuel, byteLimit: room, budget: machine)
    }

    /// Takes back what a meter has left of the grant.
    @inline(__always)
    func settle(_ meter: WorkMeter) { state.pointee.grantedFuel = meter.units }

    /// Fuel charged so far: what `refund` goes back to.
    @inline(__always)
    var fuelMark: Int { state.pointee.fuelUsed &- state.pointee.grantedFuel }

    /// Gives back what was charged since, by a step that is going to run anew: so fuel does not depend on collections.
    @inline(never)
    func refund(since mark: Int) {
        let units = fuelMark &- mark
        // What the step waits for is paid from the grant: an empty one would be filled, and the step run anew, for ever.
        let kept = min(units, Machine.grantUnits &- state.pointee.grantedFuel)
        state.pointee.grantedFuel &+= kept
        state.pointee.fuelUsed &-= units &- kept
        if let fuel = state.pointee.fuel { state.pointee.fuel = fuel &+ (units &- kept) }
    }

    /// What a step answers that has had no effect: what it charged since the mark is given back if it is to run anew.
    @inline(__always)
    func again(_ step: Step, since mark: Int) -> Step {
        if step == .collect || step == .force { refund(since: mark) }
        return step
    }

    /// What a step answers whose work was stopped. It has had no effect, and what it charged since the mark is given
    /// back if it is to run anew.
    @inline(never)
    func stopped(_ stop: WorkStop, _ meter: WorkMeter, since mark: Int) -> Step {
        switch stop {
        case .interrupted: return .error
        case .needsMemory(let bytes) where bytes <= state.pointee.heap.spaceSize:
            settle(meter)
            state.pointee.need = bytes
            state.pointee.needSlots = 0
            return again(.collect, since: mark)
        case .needsMemory, .outOfMemory:
            _ = failMemory()
            return .error
        }
    }

    /// Bytes that are copied, hashed or looked at between two charges.
    static var chargedBlockBytes: Int { 1 << 15 }

    /// Charges for bytes and lets them be worked on, a block at a time; false with `failure` set when a limit or `body`
    /// forbids to go on.
    ///
    /// - Parameter bytesPerUnit: as many as are worked on in 100 ns at most.
    @inline(__always)
    func inBlocks(_ count: Int, bytesPerUnit: Int, _ body: (Range<Int>) -> Bool) -> Bool {
        var start = 0
        while start < count {
            let end = min(count, start &+ Interpreter.chargedBlockBytes)
            guard charge((end &- start) / bytesPerUnit), body(start..<end) else { return false }
            start = end
        }
        return true
    }

    /// A string with a copy of bytes, charged; nil with `failure` set. `Size.string` reserved.
    func makeStringCharged(_ bytes: UnsafeBufferPointer<UInt8>, context: Value = .null) -> Value? {
        let string = makeString(length: bytes.count, context: context)
        if let base = bytes.baseAddress, !copy(base, to: string.object.bytes, count: bytes.count, isCharged: false) {
            return nil
        }
        return string
    }
}
