extension Builtin {
    static let errorContexts: [Builtin] = [
        .frame(
            "addErrorContext", [.checked("message", isLazy: true), .checked("x", isLazy: true)],
            frame: ErrorContextFrame.self,
            since: "0.13",
            "`x`. When its evaluation fails, the backtrace holds `message`.",
            backtrace: BacktraceHook(namesCall: false) { interpreter, _ in interpreter.noteErrorContext() },
            role: .explainsFailures
        ) { $0.errorContextStep() }
    ]
}

/// `addErrorContext`: its text is needed, and so evaluated, only when its value fails.
struct ErrorContextFrame: BuiltinFrame {
    let text: Value
    let value: Value
    /// A thunk that is to hold the failure; null when the text is at hand, and once the failure goes on.
    var holder: Value
    /// Null until the value has failed; then whether the text is being coerced to a string.
    @Held var isCoerced: Bool
    /// The thunk that forced itself, where that is the failure.
    var recursion: Value

    var hasFailed: Bool { !$isCoerced.isNull }
}

extension Interpreter {
    private var frame: ErrorContextFrame {
        @inline(__always) _read { yield topFrame(as: ErrorContextFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: ErrorContextFrame.self).pointee }
    }

    func errorContextStep() -> Step {
        if frame.hasFailed { return failWithContext() }
        if isForced(argumentSlot(1)) { return done(frame.value) }
        if frame.holder.isNull, !isContextKnown {
            guard reserve(Size.thunk(1)) else { return .collect }
            let holder = take(words: 2)
            holder[0] = Object.header(Kind.failed, count: 1, field: 0)
            holder[1] = FailureReference.none.value.bits
            frame.holder = Value(Tag.thunk, holder)
        }
        return .force
    }

    /// Whether the text is at hand: a string.
    private var isContextKnown: Bool { knownContext != nil }

    private var knownContext: Value? {
        var text = frame.text
        if text.isThunk, text.object.kind == Kind.indirection { text = Value(bits: text.object[1]) }
        return text.isString ? text : nil
    }

    /// Whether the frame on top, which a failure reaches, is to evaluate a text for it.
    func needsContext(_ pc: UnsafePointer<UInt8>) -> Bool {
        guard let index = stepIndex(pc), state.pointee.builtins[index].role == .explainsFailures else { return false }
        return !frame.hasFailed && frame.holder.isThunk && !isContextKnown
            && machine.failure?.kind.endsEvaluation == false
    }

    /// Keeps the failure while the frame on top evaluates its text, as its next step.
    ///
    /// - Parameters:
    ///   - number: that of the failure among those kept.
    ///   - isOld: whether it is kept for a thunk outside the nursery.
    func suspendFailure(_ number: Int, isOld: Bool) {
        guard let failure = machine.failure else { return }
        let holder = frame.holder.object
        let isOld = isOld || !isYoung(UInt(bitPattern: holder))
        let bytes = machine.keptFailures.keep(
            number, failure, machine.notes, isOld: isOld, most: BacktraceNotes.bound)
        holder[1] = FailureReference(number: number, notes: machine.notes.count).value.bits
        if let thunk = Object(bitPattern: machine.recursion) { frame.recursion = Value(Tag.thunk, thunk) }
        frame.isCoerced = false
        state.pointee.r.sp = above(ErrorContextFrame.self)
        restartStep()
        machine.failure = nil
        bringCollectionForward(bytes)
    }

    private func failWithContext() -> Step {
        coerced(0, marker: 3, []) {
            let reference = FailureReference(Value(bits: frame.holder.object[1]))
            guard let kept = machine.keptFailures.failure(reference) else {
                return fail(.value, "evaluation failed")
            }
            // What was noted is taken up again, and the frames around are searched once more for one that catches it.
            let frames = state.pointee.r.fp - state.pointee.framesBase
            guard charge(1 + kept.notes.count / 16 + frames / 64) else { return .error }
            machine.failure = kept.failure
            machine.notes = kept.notes
            machine.resumedFailure = reference.number
            machine.failedOperand = -1
            machine.coerced = .absent
            machine.recursion = frame.recursion.isNull ? 0 : UInt(bitPattern: frame.recursion.object)
            frame.holder = .null
            return .error
        }
    }

    /// What the frame on top adds to a failure that leaves it: its text, or why there is none.
    func noteErrorContext() -> Bool {
        let isContextAtFault = frame.hasFailed && !frame.holder.isNull
        if !isContextAtFault {
            if let text = knownContext { machine.notes.append(message: text.string.bytes) }
        } else if machine.coerced.bits != Value.absent.bits {
            machine.notes.append(
                .coercionReason("while evaluating the error message passed to builtins.addErrorContext"))
        }
        return true
    }
}
