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
            let holder = allocate(words: 2)
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
    ///   - catching: the catch that waits for the failure; nil if nothing catches it.
    ///   - keptBytes: the number of bytes that were kept of the failure for the text before; 0 for the first one.
    func suspendFailure(_ catching: PendingCatch?, keptBytes: Int) {
        guard let failure = machine.failure else { return }
        let holder = frame.holder.object
        let notes = machine.notes
        machine.notes.removeAll()
        let number = catching?.number ?? machine.caughtFailures.reserveNumber()
        let isOld = catching?.hasOldThunk == true || !isYoung(UInt(bitPattern: holder))
        let bytes = machine.caughtFailures.keep(
            number, failure, notes, isOld: isOld, isPinned: catching?.hasImageThunk == true, isCaught: catching != nil,
            limit: BacktraceNotes.bound)
        holder[1] = FailureReference(number: number, notes: notes.count).value.bits
        if let thunk = Object(bitPattern: machine.recursion) { frame.recursion = Value(Tag.thunk, thunk) }
        frame.isCoerced = false
        state.pointee.registers.sp = above(ErrorContextFrame.self)
        restartStep()
        machine.failure = nil
        // What was kept before is kept on, so it is no reason to collect.
        bringCollectionForward(max(0, bytes - keptBytes))
    }

    private func failWithContext() -> Step {
        coerced(0, marker: 3, []) {
            let reference = FailureReference(Value(bits: frame.holder.object[1]))
            guard charge(1) else { return .error }
            guard let kept = machine.caughtFailures.take(reference.number) else {
                return fail(.value, "evaluation failed")
            }
            machine.failure = kept.failure
            machine.notes = kept.notes
            machine.resumedFailure = ResumedFailure(
                catching: kept.catching(reference.number), byteCount: kept.byteCount)
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
