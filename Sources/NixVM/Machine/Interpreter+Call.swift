import NixBytecode

/// Calls that are not of a closure with exactly its arguments, and the frames of builtins.
extension Interpreter {
    var sp: Slot {
        @inline(__always) get { state.pointee.r.sp }
        @inline(__always) nonmutating set { state.pointee.r.sp = newValue }
    }
    var bp: Slot {
        @inline(__always) get { state.pointee.r.bp }
        @inline(__always) nonmutating set { state.pointee.r.bp = newValue }
    }

    @inline(__always)
    func push(_ value: Value) {
        state.pointee.r.sp.pointee = value
        state.pointee.r.sp += 1
    }

    @inline(__always)
    func pop() -> Value {
        state.pointee.r.sp -= 1
        return state.pointee.r.sp.pointee
    }

    /// Replaces a thunk that has its value by it. False, with the thunk in `pending`, when it has none yet: the step
    /// then answers `.force` and runs anew.
    @inline(__always)
    func isForced(_ slot: Slot) -> Bool {
        let value = slot.pointee
        if !value.isThunk { return true }
        if value.object.kind == Kind.indirection {
            write(Value(bits: value.object[1]), to: slot)
            return true
        }
        state.pointee.pending = value
        return false
    }

    /// Gives the builtin's result.
    @inline(__always)
    func done(_ value: Value) -> Step {
        state.pointee.result = value
        return .done
    }

    /// The code that runs one step of a builtin's frame.
    @inline(__always)
    func stepCode(_ index: Int) -> UnsafePointer<UInt8> { state.pointee.stepCodes + index &* 8 }

    /// The code that returns the top of the stack, forced.
    @inline(__always)
    var returnCode: UnsafePointer<UInt8> { UnsafePointer(state.pointee.returnCode) }

    /// Makes the current frame run machine code instead of a chunk's.
    @inline(__always)
    private func continueWith(_ code: UnsafePointer<UInt8>) {
        state.pointee.r.pc = code
        state.pointee.r.env = state.pointee.machineEnv
        state.pointee.r.tables = UnsafePointer(state.pointee.machineTables)
    }

    /// Pushes a frame whose base is given; the caller goes on at `pc`.
    @inline(__always)
    func pushFrame(pc: UnsafePointer<UInt8>, base: Slot, mode: UInt) {
        let r = state.pointee.r
        r.fp.pointee = Frame(pc: pc, bp: r.bp, env: r.env, tables: r.tables, update: mode)
        state.pointee.r.fp += 1
        state.pointee.r.bp = base
    }

    /// Charges one unit; false when budget, stack or frames must be looked at first.
    @inline(__always)
    func chargeEntry(_ slots: Int) -> Bool {
        if state.pointee.grantedFuel <= 0 || state.pointee.r.sp + slots > state.pointee.spLimit
            || state.pointee.r.fp >= state.pointee.fpLimit
        {
            state.pointee.need = 0
            state.pointee.needSlots = slots
            return false
        }
        state.pointee.grantedFuel &-= 1
        return true
    }

    @inline(never)
    func callSlow<Observer: LoopObserver>(_ count: Int, _ observer: inout Observer) -> Step {
        let function = sp - (count &+ 1)
        if function.pointee.isBuiltin {
            let index = function.pointee.builtinIndex
            let builtin = state.pointee.builtins + index
            let arity = builtin.pointee.arity
            if arity == count {
                if !chargeEntry(BuiltinCode.slack) { return .collect }
                if builtin.pointee.slots < 0 {
                    let step = runSimple(builtin, arguments: sp - count)
                    observer.ranBuiltin(self, index, step)
                    if step != .done {
                        if step != .error { state.pointee.grantedFuel &+= 1 }
                        return step
                    }
                    if isResultDelayed() {
                        pushFrame(pc: state.pointee.r.pc, base: function, mode: FrameMode.push)
                        finishBuiltin(index)
                        observer.enterBuiltinFrame(self, InternalStep.returnForced.index)
                    } else {
                        function.pointee = state.pointee.result
                        sp = function + 1
                    }
                    return .next
                }
                pushFrame(pc: state.pointee.r.pc, base: sp - count, mode: FrameMode.call)
                enterBuiltin(builtin, index)
                observer.enterBuiltinFrame(self, index)
                return .next
            }
        }
        if !isForced(function) { return .force }
        if let closure = completed(function.pointee, by: count) {
            return callPartial(closure, function, count, &observer)
        }
        if let arity = arity(of: function.pointee), arity > count {
            let step = makePartial(function, count)
            if step == .next {
                function.pointee = state.pointee.result
                sp = function + 1
            }
            return step
        }
        if !chargeEntry(BuiltinCode.slack) { return .collect }
        pushFrame(pc: state.pointee.r.pc, base: function, mode: FrameMode.push)
        continueWith(stepCode(.apply))
        observer.enterBuiltinFrame(self, InternalStep.apply.index)
        return .next
    }

    @inline(never)
    func tailCallSlow<Observer: LoopObserver>(_ count: Int, _ observer: inout Observer) -> Step {
        let function = sp - (count &+ 1)
        if function.pointee.isBuiltin {
            let index = function.pointee.builtinIndex
            let builtin = state.pointee.builtins + index
            if builtin.pointee.arity == count {
                if !chargeEntry(BuiltinCode.slack) { return .collect }
                if builtin.pointee.slots < 0 {
                    let step = runSimple(builtin, arguments: sp - count)
                    observer.ranBuiltin(self, index, step)
                    if step != .done {
                        if step != .error { state.pointee.grantedFuel &+= 1 }
                        return step
                    }
                    if isResultDelayed() { noteTailCall(state.pointee.instruction, state.pointee.r.fp) }
                    finishBuiltin(index)
                    return .next
                }
                noteTailCall(state.pointee.instruction, state.pointee.r.fp)
                bp.update(from: sp - count, count: count)
                sp = bp + count
                enterBuiltin(builtin, index)
                observer.tailCallBuiltin(self, index)
                return .next
            }
        }
        if let closure = completed(function.pointee, by: count) {
            return tailCallPartial(closure, function, count, &observer)
        }
        if !chargeEntry(BuiltinCode.slack) { return .collect }
        noteTailCall(state.pointee.instruction, state.pointee.r.fp)
        bp.update(from: function, count: count &+ 1)
        sp = bp + (count &+ 1)
        continueWith(stepCode(.apply))
        observer.tailCallBuiltin(self, InternalStep.apply.index)
        return .next
    }

    /// Starts a builtin in the current frame, whose slots are its arguments.
    private func enterBuiltin(_ builtin: UnsafePointer<BuiltinCode>, _ index: Int) {
        if builtin.pointee.slots >= 0 {
            state.pointee.counters.builtinCalls &+= 1
            for _ in 0..<builtin.pointee.slots { push(.null) }
        }
        continueWith(stepCode(index))
    }

    /// Forces the strict arguments, then runs a builtin without a frame.
    @inline(__always)
    private func runSimple(_ builtin: UnsafePointer<BuiltinCode>, arguments: Slot) -> Step {
        if !forceStrict(builtin.pointee.strict, arguments) { return forceNext(builtin, arguments) }
        state.pointee.counters.builtinCalls &+= 1
        state.pointee.arguments = arguments
        return builtin.pointee.step(self)
    }

    /// What to answer while a strict argument is not forced: to force it, unless the first one is wrong already.
    @inline(never)
    private func forceNext(_ builtin: UnsafePointer<BuiltinCode>, _ arguments: Slot) -> Step {
        guard let check = builtin.pointee.early, !arguments.pointee.isThunk else { return .force }
        state.pointee.arguments = arguments
        return check(self) ? .force : .error
    }

    @inline(__always)
    private func forceStrict(_ mask: UInt8, _ arguments: Slot) -> Bool {
        var mask = mask
        var slot = arguments
        while mask != 0 {
            if mask & 1 != 0, !isForced(slot) { return false }
            mask &>>= 1
            slot += 1
        }
        return true
    }

    /// Runs one step of the current frame's builtin; one without slots has its arguments alone in a frame.
    @inline(never)
    func builtinStep<Observer: LoopObserver>(_ index: Int, _ observer: inout Observer) -> Step {
        let builtin = state.pointee.builtins + index
        let step: Step
        if _slowPath(builtin.pointee.slots < 0) {
            step = runSimple(builtin, arguments: bp)
            observer.ranBuiltin(self, index, step)
        } else {
            state.pointee.arguments = bp
            if !forceStrict(builtin.pointee.strict, bp) { return forceNext(builtin, bp) }
            step = builtin.pointee.step(self)
        }
        if step == .done {
            finishBuiltin(index)
            return .next
        }
        return step
    }

    /// Whether a builtin's result is a thunk without a value yet; a thunk that has one is replaced by it.
    @inline(__always)
    private func isResultDelayed() -> Bool {
        let result = state.pointee.result
        if !result.isThunk { return false }
        if result.object.kind != Kind.indirection { return true }
        state.pointee.result = Value(bits: result.object[1])
        return false
    }

    /// Returns a builtin's result from the current frame. At its base the builtin itself stays while the result is
    /// forced, for the backtrace.
    @inline(__always)
    private func finishBuiltin(_ index: Int) {
        bp.pointee = .builtin(index)
        bp[1] = state.pointee.result
        sp = bp + 2
        continueWith(returnCode)
    }

    /// The step of a frame whose slots are a function and its arguments.
    func applyStep() -> Step {
        while true {
            let count = sp - bp - 1
            if !isForced(bp) { return .force }
            let function = bp.pointee
            if let arity = arity(of: function) {
                if arity > count {
                    let step = makePartial(bp, count)
                    return step == .next ? .done : step
                }
                if function.tag == Tag.function, function.object.kind == Kind.partial {
                    guard expandPartial(function.object) else { return .collect }
                    continue
                }
                if arity < count { return applyFirst(arity, of: count) }
                state.pointee.callCount = count
                return .tailCall
            }
            guard function.isAttributes, let functor = lookup(function.object, Symbols.functor) else {
                return failNotAFunction(function)
            }
            if !isForced(functor) { return .force }
            guard reserveSlots(count &+ 4) else { return .collect }
            if functor.pointee.isAttributes { return applyFunctorOfFunctor(functor.pointee, function, count) }
            if count == 1, let site = TailSites.functorSite(positionNumber(function.object, Symbols.functor) ?? 0) {
                noteTailCall(site, state.pointee.r.fp)
            }
            (bp + 1).update(from: bp, count: count &+ 1)
            bp.pointee = functor.pointee
            sp += 1
        }
    }

    /// The functor of a set is a set, too: it is applied to the set in a frame of its own, and what comes of it to the
    /// arguments. So each further functor counts as a call that waits for another.
    private func applyFunctorOfFunctor(_ functor: Value, _ function: Value, _ count: Int) -> Step {
        // [f a1..an] becomes [a1..an functor f].
        bp.update(from: bp + 1, count: count)
        (bp + count).pointee = functor
        (bp + count + 1).pointee = function
        sp += 1
        state.pointee.resume = stepCode(.applyRest)
        state.pointee.callCount = 1
        return .call
    }

    /// More arguments than the function takes: calls it with the first, and its result with the rest.
    private func applyFirst(_ arity: Int, of count: Int) -> Step {
        let rest = count - arity
        guard reserveSlots(arity &+ 1) else { return .collect }
        // [f a1..am r1..rk] becomes [r1..rk f a1..am].
        (sp).update(from: bp, count: arity &+ 1)
        bp.update(from: bp + (arity &+ 1), count: rest)
        (bp + rest).update(from: sp, count: arity &+ 1)
        state.pointee.resume = stepCode(.applyRest)
        state.pointee.callCount = arity
        return .call
    }

    /// The step after `applyFirst`: the result at the top, the other arguments below it.
    func applyRestStep() -> Step {
        let function = pop()
        let rest = sp - bp
        (bp + 1).update(from: bp, count: rest)
        bp.pointee = function
        sp += 1
        state.pointee.callCount = rest
        return .tailCall
    }

    /// Carries out `.call`: the frame's next step follows when the result is at the top.
    func enterCall<Observer: LoopObserver>(_ count: Int, _ observer: inout Observer) -> Bool {
        let function = (sp - (count &+ 1)).pointee
        let resume = state.pointee.resume ?? state.pointee.instruction
        state.pointee.resume = nil
        if function.tag == Tag.function, function.object.kind == Kind.closure {
            let chunk = state.pointee.chunks + function.object.field
            if Int(chunk.pointee.arity) == count {
                if !ensureRoom(Int(chunk.pointee.maximumStack)) { return false }
                let closure = (sp - (count &+ 1)).pointee.object
                pushFrame(pc: resume, base: sp - count, mode: FrameMode.call)
                state.pointee.r.env = closure
                state.pointee.r.tables = chunk.pointee.tables
                state.pointee.r.pc = chunk.pointee.code
                observer.enterCallFrame(self, state.pointee.r, arguments: count)
                return true
            }
        }
        if let closure = completed(function, by: count) {
            if !ensurePartialRoom(closure, count) { return false }
            enterPartial(count, pc: resume, &observer)
            return true
        }
        if !ensureRoom(BuiltinCode.slack) { return false }
        if function.isBuiltin, state.pointee.builtins[function.builtinIndex].arity == count {
            pushFrame(pc: resume, base: sp - count, mode: FrameMode.call)
            enterBuiltin(state.pointee.builtins + function.builtinIndex, function.builtinIndex)
            observer.enterBuiltinFrame(self, function.builtinIndex)
            return true
        }
        pushFrame(pc: resume, base: sp - (count &+ 1), mode: FrameMode.push)
        continueWith(stepCode(.apply))
        observer.enterBuiltinFrame(self, InternalStep.apply.index)
        return true
    }

    /// Carries out `.tailCall`.
    func enterTailCall<Observer: LoopObserver>(_ count: Int, _ observer: inout Observer) -> Bool {
        let function = (sp - (count &+ 1)).pointee
        if function.tag == Tag.function, function.object.kind == Kind.closure {
            let chunk = state.pointee.chunks + function.object.field
            if Int(chunk.pointee.arity) == count {
                if !ensureRoom(Int(chunk.pointee.maximumStack)) { return false }
                state.pointee.r.env = (sp - (count &+ 1)).pointee.object
                bp.update(from: sp - count, count: count)
                sp = bp + count
                state.pointee.r.tables = chunk.pointee.tables
                state.pointee.r.pc = chunk.pointee.code
                observer.tailCall(self, state.pointee.r)
                return true
            }
        }
        if let closure = completed(function, by: count) {
            if !ensurePartialRoom(closure, count) { return false }
            reenterPartial(count, &observer)
            return true
        }
        if !ensureRoom(BuiltinCode.slack) { return false }
        if function.isBuiltin, state.pointee.builtins[function.builtinIndex].arity == count {
            bp.update(from: sp - count, count: count)
            sp = bp + count
            enterBuiltin(state.pointee.builtins + function.builtinIndex, function.builtinIndex)
            observer.tailCallBuiltin(self, function.builtinIndex)
            return true
        }
        bp.update(from: sp - (count &+ 1), count: count &+ 1)
        sp = bp + (count &+ 1)
        continueWith(stepCode(.apply))
        observer.tailCallBuiltin(self, InternalStep.apply.index)
        return true
    }

    /// Carries out `.force`: the interrupted instruction or step runs anew when the thunk has its value.
    func enterPending<Observer: LoopObserver>(_ observer: inout Observer) -> Bool {
        let object = state.pointee.pending.object
        if object.kind == Kind.indirection { return true }
        if object.kind != Kind.thunk {
            _ = failForced(object, mode: FrameMode.updateAndRetry)
            return false
        }
        let chunk = state.pointee.chunks + object.field
        if !ensureRoom(Int(chunk.pointee.maximumStack)) { return false }
        let thunk = state.pointee.pending.object
        state.pointee.pending = .null
        if thunk.kind != Kind.thunk { return true }
        pushFrame(
            pc: state.pointee.instruction, base: sp, mode: UInt(bitPattern: thunk) | FrameMode.updateAndRetry)
        thunk[0] |= Kind.blackhole
        state.pointee.r.env = thunk
        state.pointee.r.tables = chunk.pointee.tables
        state.pointee.r.pc = chunk.pointee.code
        observer.enterCallFrame(self, state.pointee.r, arguments: 0)
        return true
    }

    /// Room for a frame of so many slots; charges one unit. False with `failure` set when a limit forbids it.
    func ensureRoom(_ slots: Int) -> Bool {
        while !chargeEntry(slots) {
            if !makeRoom() { return false }
        }
        return true
    }
}
