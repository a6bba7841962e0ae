/// What happens after a failure.
extension VM {
    /// Leaves frames until one catches the failure; an exit when none does. Thunks on the way get back their code: the
    /// captures never left them.
    @inline(never)
    func unwind<Observer: LoopObserver>(_ observer: inout Observer) -> RunExit? {
        let bottom = s.pointee.bottomFrame
        var place = FramePlace(pc: s.pointee.instruction, isStart: true, forced: nil)
        var tails = TailSiteReader(s.pointee.tailSites)
        while true {
            if catchFailure() { return nil }
            noteFrame(place, &tails)
            if stepIndex(s.pointee.r.pc) == Builtin.deepForce { clearDeepFlags() }
            observer.exitFrame(self, s.pointee.r)
            if s.pointee.r.fp <= bottom { return .failed }
            s.pointee.r.fp -= 1
            let frame = s.pointee.r.fp.pointee
            place = FramePlace(
                pc: frame.pc, isStart: frame.update & 3 == FrameMode.updateAndRetry,
                forced: Object(bitPattern: frame.update & ~7))
            if let object = place.forced {
                if object.kind == Kind.blackhole { object.setKind(Kind.thunk) }
                if UInt(bitPattern: object) == machine.recursion { machine.notes.append(.recursion) }
            }
            s.pointee.r.sp = s.pointee.r.bp
            s.pointee.r.pc = frame.pc
            s.pointee.r.bp = frame.bp
            s.pointee.r.env = frame.env
            s.pointee.r.tables = frame.tables
            s.pointee.instruction = frame.pc
            if s.pointee.r.fp <= bottom { return .failed }
        }
    }

    /// Whether the frame now on top is a `tryEval` that waits for its argument and the failure is one it catches.
    private func catchFailure() -> Bool {
        guard let index = stepIndex(s.pointee.r.pc) else { return false }
        if index == machine.tryEvalIndex, machine.failure?.kind.isCatchable == true, bp[1].isTrue {
            bp[1] = .false
            s.pointee.r.sp = bp + 2
            s.pointee.r.pc = stepCode(index)
            machine.failure = nil
            return true
        }
        return false
    }

    /// The builtin whose step code this is; nil for a chunk's code.
    func stepIndex(_ pc: UnsafePointer<UInt8>) -> Int? {
        let offset = UnsafeRawPointer(pc) - UnsafeRawPointer(s.pointee.stepCodes)
        if offset < 0 || offset >= s.pointee.builtinCount * 8 { return nil }
        return offset / 8
    }
}
