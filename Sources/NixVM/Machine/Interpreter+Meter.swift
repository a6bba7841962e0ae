import NixFormats

/// Charging and counting for work on text. Some of it runs in `NixFormats`, with a meter that the machine provides.
extension Machine: WorkBudget {
    package func refill(_ units: Int) -> Int? {
        state.pointee.grantedFuel = units
        return interpreter.charge(0) ? state.pointee.grantedFuel : nil
    }
}

extension Interpreter {
    /// A meter with the fuel left of the grant, and the bytes that may be taken outside the heap. Nothing else may
    /// charge fuel until `settle`.
    @inline(__always)
    func makeMeter() -> WorkMeter {
        // The free part of the window counts in any case, even if the limit has come closer since the window was
        // opened.
        let room =
            state.pointee.memoryLimit == nil
            ? Int.max : max(roomOutsideHeap, state.pointee.hpLimit - state.pointee.registers.hp)
        return WorkMeter(units: state.pointee.grantedFuel, byteLimit: room, budget: machine)
    }

    /// Returns what a meter has left to the grant.
    @inline(__always)
    func settle(_ meter: WorkMeter) { state.pointee.grantedFuel = meter.units }

    /// The fuel charged so far, as a mark for `refund`.
    @inline(__always)
    var fuelMark: Int { state.pointee.fuelUsed &- state.pointee.grantedFuel }

    /// Refunds what was charged since the mark by a step that is going to run again. Without this, fuel would depend on
    /// when collections happen.
    @inline(never)
    func refund(since mark: Int) {
        let units = fuelMark &- mark
        // The grant is filled first, because what the step waits for is paid from it. With an empty grant the loop
        // would refill the grant and run the step again forever.
        let kept = min(units, Machine.grantUnits &- state.pointee.grantedFuel)
        state.pointee.grantedFuel &+= kept
        state.pointee.fuelUsed &-= units &- kept
        if let fuel = state.pointee.fuel { state.pointee.fuel = fuel &+ (units &- kept) }
    }

    /// The answer of a step that has had no effect. If it is going to run again, what it charged since the mark is
    /// refunded.
    @inline(__always)
    func refundIfRetried(_ step: Step, since mark: Int) -> Step {
        if step == .collect || step == .force { refund(since: mark) }
        return step
    }

    /// The answer of a step whose work was stopped before it had an effect. If the step is going to run again, what it
    /// charged since the mark is refunded.
    @inline(never)
    func stopped(_ stop: WorkStop, _ meter: WorkMeter, since mark: Int) -> Step {
        switch stop {
        case .interrupted: return .error
        case .needsMemory(let bytes) where bytes <= state.pointee.heap.spaceSize:
            settle(meter)
            state.pointee.neededBytes = bytes
            state.pointee.neededSlots = 0
            return refundIfRetried(.collect, since: mark)
        case .needsMemory, .outOfMemory:
            _ = failMemory()
            return .error
        }
    }

    /// The number of bytes that are copied, hashed or scanned between two charges.
    static var chargedBlockBytes: Int { 1 << 15 }

    /// Charges fuel for bytes and lets `body` process them, one block at a time. The result is false, with `failure`
    /// set, when a limit or `body` stops it.
    ///
    /// - Parameter bytesPerUnit: How many bytes are processed in 100 ns at most.
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

    /// A string with a copy of the bytes, which is charged for. The result is nil with `failure` set. The caller has
    /// reserved `Size.string`.
    func makeStringCharged(_ bytes: UnsafeBufferPointer<UInt8>, context: Value = .null) -> Value? {
        let string = makeString(length: bytes.count, context: context)
        if let base = bytes.baseAddress, !copy(base, to: string.object.bytes, count: bytes.count, isCharged: false) {
            return nil
        }
        return string
    }
}
