import NixBytecode

/// Calls of anything but a closure with exactly its number of arguments, and the frames of builtins.
extension Interpreter {
    var sp: Slot {
        @inline(__always) get { state.pointee.registers.sp }
        @inline(__always) nonmutating set { state.pointee.registers.sp = newValue }
    }
    var bp: Slot {
        @inline(__always) get { state.pointee.registers.bp }
        @inline(__always) nonmutating set { state.pointee.registers.bp = newValue }
    }

    @inline(__always)
    func push(_ value: Value) {
        state.pointee.registers.sp.pointee = value
        state.pointee.registers.sp += 1
    }

    @inline(__always)
    func pop() -> Value {
        state.pointee.registers.sp -= 1
        return state.pointee.registers.sp.pointee
    }

    /// Replaces an indirection in the slot by its value. The result is false, with the thunk in `pending`, if the thunk
    /// has not been forced. The step must then answer `.force`, after which it runs again.
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

    /// Ends a builtin with its result.
    @inline(__always)
    func done(_ value: Value) -> Step {
        state.pointee.result = value
        return .done
    }

    /// The code that runs one step of a builtin's frame.
    @inline(__always)
    func stepCode(_ index: Int) -> UnsafePointer<UInt8> { state.pointee.stepCodes + index &* 8 }

    /// The code that forces the top of the stack and returns it.
    @inline(__always)
    var returnCode: UnsafePointer<UInt8> { UnsafePointer(state.pointee.returnCode) }

    /// Makes the current frame run internal code instead of a chunk.
    @inline(__always)
    private func continueWith(_ code: UnsafePointer<UInt8>) {
        state.pointee.registers.pc = code
        state.pointee.registers.env = state.pointee.machineEnv
        state.pointee.registers.tables = UnsafePointer(state.pointee.machineTables)
    }

    /// Pushes a frame with the given base. The caller will continue at `pc`.
    @inline(__always)
    func pushFrame(pc: UnsafePointer<UInt8>, base: Slot, mode: UInt) {
        let registers = state.pointee.registers
        registers.fp.pointee = Frame(
            pc: pc, bp: registers.bp, env: registers.env, tables: registers.tables, update: mode)
        state.pointee.registers.fp += 1
        state.pointee.registers.bp = base
    }

    /// Charges one unit of fuel. The result is false when fuel, stack or frames have run out; then the step must answer
    /// `.collect`.
    @inline(__always)
    func chargeEntry(_ slots: Int) -> Bool {
        if state.pointee.grantedFuel <= 0 || state.pointee.registers.sp + slots > state.pointee.spLimit
            || state.pointee.registers.fp >= state.pointee.fpLimit
        {
            state.pointee.neededBytes = 0
            state.pointee.neededSlots = slots
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
                        pushFrame(pc: state.pointee.registers.pc, base: function, mode: FrameMode.push)
                        finishBuiltin(index)
                        observer.enterBuiltinFrame(self, InternalStep.returnForced.index)
                    } else {
                        function.pointee = state.pointee.result
                        sp = function + 1
                    }
                    return .next
                }
                pushFrame(pc: state.pointee.registers.pc, base: sp - count, mode: FrameMode.call)
                enterBuiltin(builtin, index)
                observer.enterBuiltinFrame(self, index)
                return .next
            }
        }
        if function.pointee.isThunk { return forceFunction(function) }
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
        pushFrame(pc: state.pointee.registers.pc, base: function, mode: FrameMode.push)
        continueWith(stepCode(.apply))
        observer.enterBuiltinFrame(self, InternalStep.apply.index)
        return .next
    }

    /// Forces a function that is about to be called; compiled sources force it before. If the slot refers to a value, it
    /// holds that value afterwards and the instruction runs again, as it would after a collection: fuel must not depend on
    /// that.
    private func forceFunction(_ function: Slot) -> Step {
        guard isForced(function) else { return .force }
        state.pointee.neededBytes = 0
        state.pointee.neededSlots = 0
        return .collect
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
                    if isResultDelayed() { noteTailCall(state.pointee.instruction, state.pointee.registers.fp) }
                    finishBuiltin(index)
                    return .next
                }
                noteTailCall(state.pointee.instruction, state.pointee.registers.fp)
                bp.update(from: sp - count, count: count)
                sp = bp + count
                enterBuiltin(builtin, index)
                observer.tailCallBuiltin(self, index)
                return .next
            }
        }
        if function.pointee.isThunk { return forceFunction(function) }
        if let closure = completed(function.pointee, by: count) {
            return tailCallPartial(closure, function, count, &observer)
        }
        if !chargeEntry(BuiltinCode.slack) { return .collect }
        noteTailCall(state.pointee.instruction, state.pointee.registers.fp)
        bp.update(from: function, count: count &+ 1)
        sp = bp + (count &+ 1)
        continueWith(stepCode(.apply))
        observer.tailCallBuiltin(self, InternalStep.apply.index)
        return .next
    }

    /// Starts a builtin in the current frame, whose slots are its arguments.
    private func enterBuiltin(_ builtin: UnsafePointer<BuiltinEntry>, _ index: Int) {
        if builtin.pointee.slots >= 0 {
            state.pointee.counters.builtinCalls &+= 1
            for _ in 0..<builtin.pointee.slots { push(.null) }
        }
        continueWith(stepCode(index))
    }

    /// Forces the strict arguments, then runs a builtin that needs no frame.
    @inline(__always)
    private func runSimple(_ builtin: UnsafePointer<BuiltinEntry>, arguments: Slot) -> Step {
        if !forceStrict(builtin.pointee.strict, arguments) { return forceNext(builtin, arguments) }
        state.pointee.counters.builtinCalls &+= 1
        state.pointee.arguments = arguments
        return builtin.pointee.run(self)
    }

    /// The answer while a strict argument is not forced: to force it, unless an argument that is already forced is
    /// wrong.
    @inline(never)
    private func forceNext(_ builtin: UnsafePointer<BuiltinEntry>, _ arguments: Slot) -> Step {
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

    /// Runs one step of the builtin in the current frame. A builtin that needs no frame has one here, with its
    /// arguments only, because one of them had to be forced.
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
            step = builtin.pointee.run(self)
        }
        if step == .done {
            finishBuiltin(index)
            return .next
        }
        return step
    }

    /// Whether a builtin's result is a thunk that has not been forced. An indirection is replaced by its value.
    @inline(__always)
    private func isResultDelayed() -> Bool {
        let result = state.pointee.result
        if !result.isThunk { return false }
        if result.object.kind != Kind.indirection { return true }
        state.pointee.result = Value(bits: result.object[1])
        return false
    }

    /// Returns a builtin's result from the current frame. While the result is forced, the builtin itself is in the
    /// frame's first slot, where the backtrace finds it.
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
            if count == 1,
                let site = TailSites.functorSite(positionNumber(function.object, Symbols.functor.number) ?? 0)
            {
                noteTailCall(site, state.pointee.registers.fp)
            }
            (bp + 1).update(from: bp, count: count &+ 1)
            bp.pointee = functor.pointee
            sp += 1
        }
    }

    /// Calls a functor that is itself a set. The functor is applied to the set in a frame of its own, and the result to
    /// the arguments. So each nested functor counts towards the depth limit.
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

    /// Calls a function with as many arguments as it takes; its result is then called with the rest.
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

    /// The step after `applyFirst`. The result is at the top of the stack, and the remaining arguments are below it.
    func applyRestStep() -> Step {
        let function = pop()
        let rest = sp - bp
        (bp + 1).update(from: bp, count: rest)
        bp.pointee = function
        sp += 1
        state.pointee.callCount = rest
        return .tailCall
    }

    /// Carries out `.call`. The frame's next step runs when the result is at the top of the stack. The result is false,
    /// with `failure` set, when a limit forbids the call.
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
                state.pointee.registers.enter(closure, chunk)
                observer.enterCallFrame(self, state.pointee.registers, arguments: count)
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

    /// Carries out `.tailCall`. The result is false, with `failure` set, when a limit forbids the call.
    func enterTailCall<Observer: LoopObserver>(_ count: Int, _ observer: inout Observer) -> Bool {
        let function = (sp - (count &+ 1)).pointee
        if function.tag == Tag.function, function.object.kind == Kind.closure {
            let chunk = state.pointee.chunks + function.object.field
            if Int(chunk.pointee.arity) == count {
                if !ensureRoom(Int(chunk.pointee.maximumStack)) { return false }
                state.pointee.registers.env = (sp - (count &+ 1)).pointee.object
                bp.update(from: sp - count, count: count)
                sp = bp + count
                state.pointee.registers.tables = chunk.pointee.tables
                state.pointee.registers.pc = chunk.pointee.code
                observer.tailCall(self, state.pointee.registers)
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

    /// Carries out `.force`. The interrupted instruction or step runs again when the thunk has been forced. The result
    /// is false with `failure` set.
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
        state.pointee.registers.enter(thunk, chunk)
        observer.enterCallFrame(self, state.pointee.registers, arguments: 0)
        return true
    }

    /// Makes room for a frame of `slots` slots and charges one unit of fuel. The result is false, with `failure` set,
    /// when a limit forbids it.
    func ensureRoom(_ slots: Int) -> Bool {
        while !chargeEntry(slots) {
            if !makeRoom() { return false }
        }
        return true
    }
}
