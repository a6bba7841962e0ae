/// `addErrorContext`: its text is needed, and so evaluated, only when its value fails.
///
/// Slots: text, value, a thunk that is to hold the failure, a marker, the thunk at fault. The marker is null until the
/// value has failed; then the text is evaluated, and the failure goes on with it.
extension Interpreter {
    func errorContextStep() -> Step {
        if !bp[3].isNull { return failWithContext() }
        if isForced(bp + 1) { return done(bp[1]) }
        if bp[2].isNull, !isContextKnown {
            guard reserve(Size.thunk(1)) else { return .collect }
            let holder = allocate(words: 2)
            holder[0] = Object.header(Kind.failed, count: 1, field: 0)
            holder[1] = FailureReference.none.value.bits
            bp[2] = Value(Tag.thunk, holder)
        }
        return .force
    }

    /// Whether the text is at hand: a string.
    private var isContextKnown: Bool { knownContext != nil }

    private var knownContext: Value? {
        var text = bp[0]
        if text.isThunk, text.object.kind == Kind.indirection { text = Value(bits: text.object[1]) }
        return text.isString ? text : nil
    }

    /// Whether the frame on top, which a failure reaches, is to evaluate a text for it.
    func needsContext(_ pc: UnsafePointer<UInt8>) -> Bool {
        guard let index = stepIndex(pc), index == machine.addErrorContextIndex else { return false }
        return bp[3].isNull && bp[2].isThunk && !isContextKnown && machine.failure?.kind.endsEvaluation == false
    }

    /// Keeps the failure while the frame on top evaluates its text.
    ///
    /// - Parameters:
    ///   - number: that of the failure among those kept.
    ///   - isOld: whether it is kept for a thunk outside the nursery.
    func suspendFailure(_ number: Int, isOld: Bool) {
        guard let failure = machine.failure else { return }
        let holder = bp[2].object
        let isOld = isOld || !isYoung(UInt(bitPattern: holder))
        let bytes = machine.caughtFailures.keep(
            number, failure, machine.notes, isOld: isOld, limit: BacktraceNotes.bound)
        holder[1] = FailureReference(number: number, notes: machine.notes.count).value.bits
        if let thunk = Object(bitPattern: machine.recursion) { bp[4] = Value(Tag.thunk, thunk) }
        bp[3] = .false
        state.pointee.registers.sp = bp + 5
        state.pointee.registers.pc = stepCode(machine.addErrorContextIndex)
        machine.failure = nil
        bringCollectionForward(bytes)
    }

    private func failWithContext() -> Step {
        coerced(0, marker: 3, []) {
            guard let kept = machine.caughtFailures.failure(FailureReference(Value(bits: bp[2].object[1]))) else {
                return fail(.value, "evaluation failed")
            }
            // What was noted is taken up again, and the frames around are searched once more for one that catches it.
            let frames = state.pointee.registers.fp - state.pointee.framesBase
            guard charge(1 + kept.notes.count / 16 + frames / 64) else { return .error }
            machine.failure = kept.failure
            machine.notes = kept.notes
            machine.resumedFailure = FailureReference(Value(bits: bp[2].object[1])).number
            machine.failedOperand = -1
            machine.coerced = .absent
            machine.recursion = bp[4].isNull ? 0 : UInt(bitPattern: bp[4].object)
            bp[2] = .null
            return .error
        }
    }

    /// What the frame on top adds to a failure that leaves it: its text, or why there is none.
    func noteErrorContext() {
        let isContextAtFault = !bp[3].isNull && !bp[2].isNull
        if !isContextAtFault {
            if let text = knownContext { machine.notes.append(message: text.object.byteBuffer) }
        } else if machine.coerced.bits != Value.absent.bits {
            machine.notes.append(
                .coercionReason("while evaluating the error message passed to builtins.addErrorContext"))
        }
    }
}
