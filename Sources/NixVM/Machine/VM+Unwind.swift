/// What happens after a failure.
extension VM {
    /// Leaves frames until one catches the failure; an exit when none does. Thunks on the way get back their code: the
    /// captures never left them.
    @inline(never)
    func unwind<Observer: LoopObserver>(_ observer: inout Observer) -> RunExit? {
        let bottom = s.pointee.bottomFrame
        while true {
            if catchFailure() { return nil }
            if stepIndex(s.pointee.r.pc) == Builtin.deepForce { clearDeepFlags() }
            noteFrame()
            observer.exitFrame(self, s.pointee.r)
            if s.pointee.r.fp <= bottom { return .failed }
            s.pointee.r.fp -= 1
            let frame = s.pointee.r.fp.pointee
            if frame.update > 7 {
                let object = Object(bitPattern: frame.update & ~7).unsafelyUnwrapped
                if object.kind == Kind.blackhole { object.setKind(Kind.thunk) }
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

    /// Adds a line to the backtrace for the frame being left, up to a bound.
    private func noteFrame() {
        guard machine.failure != nil else { return }
        if (machine.failure?.trace.count ?? 0) >= VM.traceBound {
            machine.failure?.traceOmitted += 1
            return
        }
        if let index = stepIndex(s.pointee.r.pc) {
            if index == machine.addErrorContextIndex, bp[2].isString {
                let text = String(decoding: bp[2].object.byteBuffer, as: UTF8.self)
                machine.failure?.trace.append(TraceEntry(message: text, position: nil))
            } else if index > Builtin.returnForced {
                machine.failure?.trace.append(
                    TraceEntry(
                        message: "while calling the '\(machine.builtinName(index))' builtin",
                        position: currentSourcePosition()))
            }
            return
        }
        let chunk = s.pointee.r.env.field
        guard s.pointee.r.env != s.pointee.machineEnv, Int(s.pointee.chunks[chunk].program) < machine.programs.count
        else { return }
        let position = machine.sourcePosition(chunk: chunk, pc: s.pointee.instruction)
        let name = machine.chunkName(chunk).map { String(decoding: $0, as: UTF8.self) }
        let isCall = s.pointee.chunks[chunk].arity > 0
        let what =
            isCall
            ? "while calling \(name.map { "'\($0)'" } ?? "anonymous lambda")"
            : "while evaluating \(name.map { "the attribute '\($0)'" } ?? "an expression")"
        machine.failure?.trace.append(TraceEntry(message: what, position: position))
    }

    /// Entries of a backtrace that are kept.
    private static var traceBound: Int { 1_000 }
}
