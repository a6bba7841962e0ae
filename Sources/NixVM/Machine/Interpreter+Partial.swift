/// Partial applications: a function and fewer arguments than it takes.
extension Interpreter {
    /// The number of arguments that a function takes at once. The result is nil for what is not a closure, a partial
    /// application or a builtin.
    func arity(of value: Value) -> Int? {
        if value.isBuiltin { return state.pointee.builtins[value.builtinIndex].arity }
        if value.tag != Tag.function { return nil }
        let object = value.object
        if object.kind == Kind.closure { return Int(state.pointee.chunks[object.field].arity) }
        guard let whole = arity(of: object.values[0]) else { return nil }
        return whole - (object.captureCount - 1)
    }

    /// Makes a partial application of the function in a slot and the `count` values above it, in `result`.
    func makePartial(_ function: Slot, _ count: Int) -> Step {
        var stored = 0
        if function.pointee.tag == Tag.function, function.pointee.object.kind == Kind.partial {
            stored = function.pointee.object.captureCount - 1
        }
        guard reserve(Size.words(2 &+ stored &+ count)) else { return .collect }
        let object = allocate(words: 2 &+ stored &+ count)
        object[0] = Object.header(Kind.partial, count: 1 &+ stored &+ count, field: 0)
        if stored > 0 {
            object.values.update(from: function.pointee.object.values, count: 1 &+ stored)
        } else {
            object.values[0] = function.pointee
        }
        (object.values + (1 &+ stored)).update(from: function + 1, count: count)
        state.pointee.result = Value(Tag.function, object)
        return .next
    }

    /// Replaces a partial application at the frame's base by its function and arguments. The result is false when the
    /// stack has too little room.
    func expandPartial(_ object: Object) -> Bool {
        let stored = object.captureCount - 1
        let count = sp - bp - 1
        guard reserveSlots(stored &+ 1) else { return false }
        (bp + (1 &+ stored)).update(from: bp + 1, count: count)
        bp.update(from: object.values, count: 1 &+ stored)
        sp += stored
        return true
    }

    /// The closure of a partial application that `count` more arguments complete, or nil.
    @inline(__always)
    func completed(_ function: Value, by count: Int) -> Object? {
        guard function.tag == Tag.function, function.object.kind == Kind.partial else { return nil }
        let inner = function.object.values[0]
        guard inner.tag == Tag.function, inner.object.kind == Kind.closure else { return nil }
        let arity = Int(state.pointee.chunks[inner.object.field].arity)
        return arity == function.object.captureCount - 1 + count ? inner.object : nil
    }

    /// The slots above the top of the stack that the call of a partial application needs.
    private func slots(_ closure: Object, _ function: Slot) -> Int {
        function.pointee.object.captureCount &+ Int(state.pointee.chunks[closure.field].maximumStack)
    }

    func callPartial<Observer: LoopObserver>(
        _ closure: Object, _ function: Slot, _ count: Int, _ observer: inout Observer
    ) -> Step {
        if !chargeEntry(slots(closure, function)) { return .collect }
        enterPartial(count, pc: state.pointee.registers.pc, &observer)
        return .next
    }

    func tailCallPartial<Observer: LoopObserver>(
        _ closure: Object, _ function: Slot, _ count: Int, _ observer: inout Observer
    ) -> Step {
        if !chargeEntry(slots(closure, function)) { return .collect }
        noteTailCall(state.pointee.instruction, state.pointee.registers.fp)
        reenterPartial(count, &observer)
        return .next
    }

    /// Makes room for the call of the partial application below the `count` values at the top of the stack, and charges
    /// one unit of fuel. The result is false, with `failure` set, when a limit forbids it.
    func ensurePartialRoom(_ closure: Object, _ count: Int) -> Bool { ensureRoom(slots(closure, sp - (count &+ 1))) }

    /// Calls the closure of the partial application below the `count` values at the top of the stack, which complete
    /// it.
    func enterPartial<Observer: LoopObserver>(
        _ count: Int, pc: UnsafePointer<UInt8>, _ observer: inout Observer
    ) {
        let arguments = sp - count
        let partial = (arguments - 1).pointee.object
        let stored = partial.captureCount - 1
        (arguments + stored).update(from: arguments, count: count)
        arguments.update(from: partial.values + 1, count: stored)
        (arguments - 1).pointee = partial.values[0]
        sp += stored
        pushFrame(pc: pc, base: arguments, mode: FrameMode.call)
        run(partial.values[0].object)
        observer.enterCallFrame(self, state.pointee.registers, arguments: stored &+ count)
    }

    /// The same as a tail call, in the current frame.
    func reenterPartial<Observer: LoopObserver>(_ count: Int, _ observer: inout Observer) {
        let partial = (sp - (count &+ 1)).pointee.object
        let stored = partial.captureCount - 1
        (bp + stored).update(from: sp - count, count: count)
        bp.update(from: partial.values + 1, count: stored)
        sp = bp + (stored &+ count)
        run(partial.values[0].object)
        observer.tailCall(self, state.pointee.registers)
    }

    /// Makes the current frame run a closure's code.
    @inline(__always)
    private func run(_ closure: Object) {
        let chunk = state.pointee.chunks + closure.field
        state.pointee.registers.enter(closure, chunk)
    }
}
