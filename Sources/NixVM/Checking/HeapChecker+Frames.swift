import NixBytecode

/// Checks of registers, frames and the stack.
extension HeapChecker {
    func checkRegisters() throws(Violation) {
        let heap = state.pointee.heap
        guard registers.hp >= state.pointee.nurseryStart, registers.hp <= state.pointee.windowEnd,
            UInt(bitPattern: registers.hp) & 7 == 0,
            state.pointee.hpLimit <= state.pointee.windowEnd, state.pointee.windowEnd <= heap.nursery + heap.spaceSize
        else {
            throw Violation(
                .registers, "the first free byte is not between the nursery's start and the end of what was reserved")
        }
        guard heap.oldTop >= heap.oldStart, heap.oldTop <= heap.objects + heap.spaceSize else {
            throw Violation(.registers, "the old space's end is outside of it")
        }
        guard heap.permanentBytes >= 0, heap.permanentBytes <= heap.permanentSize else {
            throw Violation(.registers, "the permanent range's end is outside of it")
        }
        let stackEnd = UnsafeMutableRawPointer(state.pointee.stackBase) + heap.stackSize
        guard registers.bp >= state.pointee.stackBase, registers.sp >= registers.bp,
            registers.sp <= state.pointee.spLimit,
            UnsafeMutableRawPointer(state.pointee.spLimit) <= stackEnd
        else { throw Violation(.registers, "the stack's top is not between the frame's base and the limit") }
        let depth = registers.fp - state.pointee.framesBase
        guard depth >= 0, registers.fp <= state.pointee.fpLimit,
            state.pointee.fpLimit - state.pointee.framesBase <= state.pointee.maximumDepth
        else { throw Violation(.registers, "\(depth) frames are more than their limit") }
        guard state.pointee.grantedFuel <= Machine.grantUnits, (state.pointee.fuel ?? 0) >= 0,
            state.pointee.fuelUsed >= 0
        else { throw Violation(.budget, "\(state.pointee.grantedFuel) units of fuel are left of a grant") }
    }

    /// Checks the running code and the frame that it returns to.
    func checkTopFrame() throws(Violation) {
        try checkCode(at: registers.pc, registers.env, registers.tables, isRunning: true)
        try checkHeight(registers.sp - registers.bp, registers.env)
        // There is no frame when the loop is about to end.
        if registers.fp > state.pointee.framesBase { try checkReturn(registers.fp - 1, base: registers.bp) }
    }

    /// Checks all frames, and the height of the stack in each.
    func checkFrames() throws(Violation) {
        try checkTopFrame()
        var frame = registers.fp
        var base = registers.bp
        while frame > state.pointee.framesBase {
            frame -= 1
            try checkReturn(frame, base: base)
            try checkCode(at: frame.pointee.pc, frame.pointee.env, frame.pointee.tables, isRunning: false)
            // An instruction's operands are below the base of the frame that it pushed.
            try checkHeight(base - frame.pointee.bp, frame.pointee.env)
            base = frame.pointee.bp
        }
        guard base == state.pointee.stackBase, state.pointee.bottomFrame == state.pointee.framesBase else {
            throw Violation(.frames, "the lowest frame does not begin where the stack does")
        }
    }

    /// Checks all values on the stack.
    func checkStack() throws(Violation) {
        var frame = registers.fp
        var end = registers.sp
        var base = registers.bp
        var isBuiltin = registers.env == state.pointee.machineEnv
        while true {
            var slot = base
            while slot < end {
                try check(slot.pointee, isBuiltin ? .builtinSlot : .slot)
                slot += 1
            }
            if frame == state.pointee.framesBase { return }
            frame -= 1
            end = base
            base = frame.pointee.bp
            isBuiltin = frame.pointee.env == state.pointee.machineEnv
        }
    }

    /// Checks where a frame's result goes, and the base of its caller.
    private func checkReturn(_ frame: UnsafeMutablePointer<Frame>, base: Slot) throws(Violation) {
        guard frame.pointee.bp >= state.pointee.stackBase, frame.pointee.bp <= base else {
            throw Violation(.frames, "a frame's base is below its caller's")
        }
        let mode = frame.pointee.update & 3
        if mode == FrameMode.call, base - frame.pointee.bp < 1 {
            throw Violation(.frames, "a call without a slot for its result")
        }
        let address = frame.pointee.update & ~7
        guard FrameMode.updates(mode) == (address != 0) else {
            throw Violation(.frames, "a frame of mode \(mode) with the thunk \(hex(address))")
        }
        guard let thunk = Object(bitPattern: address) else { return }
        try checkRange(thunk)
        guard thunk.kind == Kind.blackhole else {
            throw Violation(.frames, "a frame updates \(name(thunk))")
        }
    }

    /// Checks that `pc` is the start of an instruction in the code of the closure or thunk that is running.
    private func checkCode(
        at pc: UnsafePointer<UInt8>, _ env: Object, _ tables: UnsafePointer<ProgramTables>, isRunning: Bool
    ) throws(Violation) {
        if env == state.pointee.machineEnv { return try checkMachineCode(at: pc, tables) }
        try checkRange(env)
        guard env.kind == Kind.closure || env.kind == Kind.blackhole else {
            throw Violation(.frames, "\(name(env)) for the environment of a frame")
        }
        guard env.field > 0, env.field < state.pointee.chunkCount else {
            throw Violation(.frames, "chunk \(env.field) of \(state.pointee.chunkCount) in a frame")
        }
        let chunk = state.pointee.chunks[env.field]
        guard tables == chunk.tables else { throw Violation(.frames, "a frame with another program's tables") }
        // A chunk without code runs an internal step until its code is made.
        if isRunning, interpreter.isMakingCode(pc) { return }
        let size = codeSize(of: chunk)
        guard codes.isStart(pc - chunk.code, of: chunk.code, size: size) else {
            throw Violation(.code, "byte \(pc - chunk.code) of chunk \(env.field), whose code has \(size)")
        }
    }

    private func checkMachineCode(
        at pc: UnsafePointer<UInt8>, _ tables: UnsafePointer<ProgramTables>
    ) throws(Violation) {
        guard tables == UnsafePointer(state.pointee.machineTables) else {
            throw Violation(.frames, "a builtin's frame with a program's tables")
        }
        let inReturn = UnsafeRawPointer(pc) - UnsafeRawPointer(state.pointee.returnCode)
        let inSteps = UnsafeRawPointer(pc) - UnsafeRawPointer(state.pointee.stepCodes)
        guard (0..<8).contains(inReturn) || interpreter.stepIndex(pc) != nil && inSteps % 8 == 0 else {
            throw Violation(.code, "machine code at \(hex(UInt(bitPattern: pc)))")
        }
    }

    /// Checks that a frame has no more values than the verifier computed for its code.
    private func checkHeight(_ height: Int, _ env: Object) throws(Violation) {
        if env == state.pointee.machineEnv { return }
        let chunk = state.pointee.chunks[env.field]
        guard height <= Int(max(chunk.maximumStack, chunk.arity)) else {
            throw Violation(.stackHeight, "\(height) values for chunk \(env.field), which needs \(chunk.maximumStack)")
        }
    }

    /// The size of a chunk's code in bytes.
    private func codeSize(of chunk: LoadedChunk) -> Int {
        // The internal chunks that apply functions end in `tailCall`, whose operand is one byte.
        if chunk.program == .max {
            var size = 0
            while size < 16, chunk.code[size] != Opcode.tailCall.rawValue { size += 2 }
            return size + 2
        }
        guard Int(chunk.program) < interpreter.machine.programs.count else { return 0 }
        return interpreter.machine.programs[Int(chunk.program)].codeSize(Int(chunk.index))
    }

    /// What is known of a chunk, or nil for the internal chunks and for a thunk without code.
    func description(of chunk: LoadedChunk) -> Chunk? {
        guard chunk.program != .max, Int(chunk.program) < interpreter.machine.programs.count else { return nil }
        let program = interpreter.machine.programs[Int(chunk.program)]
        return program.codeSize(Int(chunk.index)) > 0 ? program.chunk(Int(chunk.index)) : nil
    }
}
