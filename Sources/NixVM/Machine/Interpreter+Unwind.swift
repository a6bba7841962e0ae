/// What happens after a failure.
extension Interpreter {
    /// Leaves frames until one catches the failure; an exit when none does. Thunks on the way keep a failure that is
    /// caught. From another one they get back their code: the captures never left them.
    @inline(never)
    func unwind<Observer: LoopObserver>(_ observer: inout Observer) -> RunExit? {
        if machine.isHeapAbandoned { return .failed }
        let bottom = state.pointee.bottomFrame
        var place = placeOfFailure()
        var tails = TailSiteReader(state.pointee.tailSites)
        var catching = findCatcher()
        // A failure that goes on is the same one for the thunks that failed with it before.
        catching?.number = machine.resumedFailure
        machine.resumedFailure = nil
        while true {
            if isCatcher(state.pointee.r.pc, bp) {
                catchFailure(catching)
                return nil
            }
            if needsContext(state.pointee.r.pc) {
                suspendFailure(
                    catching?.number ?? machine.keptFailures.takeNumber(), isOld: catching?.hasOldThunk ?? false)
                return nil
            }
            if machine.notes.leavesOut(framesAround: state.pointee.r.fp - bottom) {
                skipFrame()
            } else {
                noteFrame(place, &tails)
            }
            if stepIndex(state.pointee.r.pc) == InternalStep.deepForce.index { clearDeepFlags() }
            observer.exitFrame(self, state.pointee.r)
            if state.pointee.r.fp <= bottom { return .failed }
            state.pointee.r.fp -= 1
            let frame = state.pointee.r.fp.pointee
            place = FramePlace(
                pc: frame.pc, isStart: frame.update & 3 == FrameMode.updateAndRetry,
                forced: Object(bitPattern: frame.update & ~7))
            if let object = place.forced {
                if object.kind == Kind.blackhole { leave(object, &catching) }
                if UInt(bitPattern: object) == machine.recursion { machine.notes.append(.recursion) }
            }
            state.pointee.r.sp = state.pointee.r.bp
            state.pointee.r.pc = frame.pc
            state.pointee.r.bp = frame.bp
            state.pointee.r.env = frame.env
            state.pointee.r.tables = frame.tables
            state.pointee.instruction = frame.pc
            if state.pointee.r.fp <= bottom { return .failed }
        }
    }

    /// Leaves a frame of which nothing is noted, since there are so many.
    private func skipFrame() {
        machine.notes.skip(1)
        machine.coerced = .absent
        machine.failedOperand = -1
    }

    /// Ends the forcing of a thunk.
    private func leave(_ thunk: Object, _ catching: inout Catching?) {
        guard catching != nil else { return thunk.setKind(Kind.thunk) }
        let number = catching?.number ?? machine.keptFailures.takeNumber()
        catching?.number = number
        if !isYoung(UInt(bitPattern: thunk)) { catching?.hasOldThunk = true }
        markFailed(thunk, number)
    }

    /// Whether some frame will catch the failure.
    private func findCatcher() -> Catching? {
        guard machine.failure?.kind.isCatchable == true else { return nil }
        if isCatcher(state.pointee.r.pc, bp) { return Catching() }
        var frame = state.pointee.r.fp
        while frame > state.pointee.bottomFrame + 1 {
            frame -= 1
            if isCatcher(frame.pointee.pc, frame.pointee.bp) { return Catching() }
        }
        return nil
    }

    /// Whether a frame is a `tryEval` that waits for its argument, and the failure is one it catches.
    private func isCatcher(_ pc: UnsafePointer<UInt8>, _ bp: Slot) -> Bool {
        guard let index = stepIndex(pc), state.pointee.builtins[index].role == .catchesFailures else { return false }
        return machine.failure?.kind.isCatchable == true && bp.words(as: TryFrame.self).pointee.isTrying
    }

    /// Lets the `tryEval` on top go on, and keeps the failure if a thunk failed with it.
    private func catchFailure(_ catching: Catching?) {
        topFrame(as: TryFrame.self).pointee.isTrying = false
        state.pointee.r.sp = above(TryFrame.self)
        restartStep()
        if let catching, let number = catching.number, let failure = machine.failure {
            let bytes = machine.keptFailures.keep(number, failure, machine.notes, isOld: catching.hasOldThunk)
            bringCollectionForward(bytes)
        }
        machine.failure = nil
    }

    /// Lets the builtin whose frame is on top run its next step.
    func restartStep() {
        guard let index = stepIndex(state.pointee.r.pc) else { return }
        state.pointee.r.pc = stepCode(index)
    }

    /// The index in the table whose step code this is; nil for a chunk's code.
    func stepIndex(_ pc: UnsafePointer<UInt8>) -> Int? {
        let offset = UnsafeRawPointer(pc) - UnsafeRawPointer(state.pointee.stepCodes)
        if offset < 0 || offset >= state.pointee.builtinCount * 8 { return nil }
        return offset / 8
    }
}

/// A failure that is going to be caught.
private struct Catching {
    /// Its number among those kept, once a thunk has failed with it.
    var number: Int?
    /// Whether one of the thunks lies outside the nursery.
    var hasOldThunk = false
}
