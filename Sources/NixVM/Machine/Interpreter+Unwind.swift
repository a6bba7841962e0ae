/// Unwinding after a failure.
extension Interpreter {
    /// Leaves frames until one catches the failure. The result is an exit when none does. If the failure is caught, the
    /// thunks being forced become failed ones. Otherwise they become thunks again, which takes nothing but their kind,
    /// because blackholes keep their captures.
    @inline(never)
    func unwind<Observer: LoopObserver>(_ observer: inout Observer) -> RunExit? {
        if machine.isHeapAbandoned { return .failed }
        let bottom = state.pointee.bottomFrame
        var location = failureLocation()
        var tails = TailSiteReader(state.pointee.tailSites)
        // After an error context was evaluated, unwinding continues with the same failure, so the thunks that failed
        // before and those that fail now share its number.
        var catching: PendingCatch?
        let keptBytes = machine.resumedFailure?.byteCount ?? 0
        if let resumed = machine.resumedFailure {
            catching = resumed.catching
            machine.resumedFailure = nil
        } else {
            catching = findCatcher()
        }
        while true {
            if isCatcher(state.pointee.registers.pc, bp) {
                catchFailure(catching)
                return nil
            }
            if needsContext(state.pointee.registers.pc) {
                suspendFailure(catching, keptBytes: keptBytes)
                return nil
            }
            if machine.notes.omitsFrame(outerFrames: state.pointee.registers.fp - bottom) {
                skipFrame()
            } else {
                noteFrame(location, &tails)
            }
            if stepIndex(state.pointee.registers.pc) == InternalStep.deepForce.index { clearDeepFlags() }
            observer.exitFrame(self, state.pointee.registers)
            if state.pointee.registers.fp <= bottom { return .failed }
            state.pointee.registers.fp -= 1
            let frame = state.pointee.registers.fp.pointee
            location = FrameLocation(
                pc: frame.pc, isStart: frame.update & 3 == FrameMode.updateAndRetry,
                forced: Object(bitPattern: frame.update & ~7))
            if let object = location.forced {
                if object.kind == Kind.blackhole { endForcing(object, &catching) }
                if UInt(bitPattern: object) == machine.recursion { machine.notes.append(.recursion) }
            }
            state.pointee.registers.sp = state.pointee.registers.bp
            state.pointee.registers.pc = frame.pc
            state.pointee.registers.bp = frame.bp
            state.pointee.registers.env = frame.env
            state.pointee.registers.tables = frame.tables
            state.pointee.instruction = frame.pc
            if state.pointee.registers.fp <= bottom { return .failed }
        }
    }

    /// Leaves a frame without noting it, because there are too many.
    private func skipFrame() {
        machine.notes.skip(1)
        machine.coerced = .absent
        machine.failedOperand = -1
    }

    /// Ends the forcing of a thunk.
    private func endForcing(_ thunk: Object, _ catching: inout PendingCatch?) {
        guard catching != nil else { return thunk.setKind(Kind.thunk) }
        let number = catching?.number ?? machine.caughtFailures.reserveNumber()
        catching?.number = number
        if !isYoung(UInt(bitPattern: thunk)) { catching?.hasOldThunk = true }
        if isInImage(UInt(bitPattern: thunk)) { catching?.hasImageThunk = true }
        markFailed(thunk, number)
    }

    /// A record for the catch of the failure, or nil if no frame will catch it.
    private func findCatcher() -> PendingCatch? {
        guard machine.failure?.kind.isCatchable == true else { return nil }
        if isCatcher(state.pointee.registers.pc, bp) { return PendingCatch() }
        var frame = state.pointee.registers.fp
        while frame > state.pointee.bottomFrame + 1 {
            frame -= 1
            if isCatcher(frame.pointee.pc, frame.pointee.bp) { return PendingCatch() }
        }
        return nil
    }

    /// Whether a frame is a `tryEval` that waits for its argument, and the failure is one that it catches.
    private func isCatcher(_ pc: UnsafePointer<UInt8>, _ bp: Slot) -> Bool {
        guard let index = stepIndex(pc), state.pointee.builtins[index].role == .catchesFailures else { return false }
        return machine.failure?.kind.isCatchable == true && bp.words(as: TryFrame.self).pointee.isTrying
    }

    /// Lets the `tryEval` on top continue, and keeps the failure if a thunk failed with it.
    private func catchFailure(_ catching: PendingCatch?) {
        topFrame(as: TryFrame.self).pointee.isTrying = false
        state.pointee.registers.sp = above(TryFrame.self)
        restartStep()
        if let catching, let number = catching.number, let failure = machine.failure {
            let bytes = machine.caughtFailures.keep(
                number, failure, machine.notes, isOld: catching.hasOldThunk,
                isPinned: catching.hasImageThunk)
            bringCollectionForward(bytes)
        }
        machine.failure = nil
    }

    /// Lets the builtin whose frame is on top run its next step.
    func restartStep() {
        guard let index = stepIndex(state.pointee.registers.pc) else { return }
        state.pointee.registers.pc = stepCode(index)
    }

    /// The index in the table whose step code this is; nil for a chunk's code.
    func stepIndex(_ pc: UnsafePointer<UInt8>) -> Int? {
        let offset = UnsafeRawPointer(pc) - UnsafeRawPointer(state.pointee.stepCodes)
        if offset < 0 || offset >= state.pointee.builtinCount * 8 { return nil }
        return offset / 8
    }
}

/// A failure that is going to be caught.
struct PendingCatch {
    /// Its number among the caught failures, once a thunk has failed with it.
    var number: Int?
    /// Whether one of these thunks is outside the nursery.
    var hasOldThunk = false
    /// Whether one of these thunks is of the image.
    var hasImageThunk = false
}

/// A failure whose unwinding goes on after a text of `addErrorContext` was evaluated for it. The frames around were searched
/// for one that catches it when it happened, and are the same.
struct ResumedFailure {
    /// Nil if nothing catches the failure.
    var catching: PendingCatch?
    /// The number of bytes that were kept of it.
    var byteCount: Int
}
