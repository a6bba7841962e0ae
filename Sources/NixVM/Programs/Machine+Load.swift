import NixBytecode

/// Loading programs into the machine, as a whole or part by part.
extension Machine {
    /// Loads a verified program. The result is its top level as a thunk, or as a function under `scopedImport`.
    public func load(program: Program, name: String, directory: [UInt8]) throws(EvalFailure) -> ValueHandle {
        topLevel(of: try load(program, name: name, directory: directory))
    }

    func load(_ program: Program, name: String, directory: [UInt8]) throws(EvalFailure) -> LoadedProgram {
        let lines = program.lines
        let loaded = try add(
            ProgramOrigin(
                sourceName: name, directory: directory, sizes: ProgramSizes(program), hasReservedChunks: true,
                lines: { lines.map { $0.location(of:) } }))
        try extend(loaded) { (budget) throws(EvalFailure) in try add(program, to: loaded, &budget) }
        return loaded
    }

    /// Loads the top level of a program whose code is generated on demand. The machine requests more code by the program
    /// number that is returned, and calls `lines` when it needs the program's lines.
    public func load(
        part: ProgramPart, lines: @escaping () -> LineFinder?, name: String, directory: [UInt8]
    ) throws(EvalFailure) -> (top: ValueHandle, program: Int) {
        try load(
            part,
            ProgramOrigin(
                sourceName: name, directory: directory, sizes: ProgramSizes(part), hasReservedChunks: false,
                lines: lines))
    }

    private func load(
        _ part: ProgramPart, _ origin: ProgramOrigin
    ) throws(EvalFailure) -> (top: ValueHandle, program: Int) {
        let loaded = try add(origin)
        try extend(loaded) { (budget) throws(EvalFailure) in try add(part, to: loaded, &budget) }
        return (topLevel(of: loaded), loaded.number)
    }

    /// The number of the next chunk, which a part whose code is generated on demand must be made for.
    public var nextChunk: UInt32 { UInt32(truncatingIfNeeded: state.pointee.chunkCount) }

    /// Answers a request for code, with which the chunk that needed it continues.
    public func answer(code part: ProgramPart, program: Int) {
        let loaded = programs[program]
        do throws(EvalFailure) {
            try extend(loaded) { (budget) throws(EvalFailure) in try add(part, to: loaded, &budget) }
        } catch {
            return answer(failure: error)
        }
        _ = continueWithCode()
    }

    /// Starts the chunk that has just got its code; false, with `failure` set, when a limit forbids its stack.
    func continueWithCode() -> Bool {
        let chunk = state.pointee.chunks[state.pointee.registers.env.field]
        guard interpreter.ensureStack(Int(chunk.maximumStack)) else { return false }
        state.pointee.registers.pc = chunk.code
        return true
    }

    /// The top level of a program as a thunk or function, which has no captures.
    func topLevel(of loaded: LoadedProgram) -> ValueHandle {
        let chunk = loaded.machineIndex(of: 0)
        let isFunction = state.pointee.chunks[chunk].arity > 0
        if !interpreter.reserve(Size.thunk(1)) { _ = interpreter.collect(reserving: Size.thunk(1)) }
        let object = interpreter.allocate(words: 2)
        object[0] = Object.header(isFunction ? Kind.closure : Kind.thunk, count: isFunction ? 1 : 0, field: chunk)
        object[1] = Value.null.bits
        return ValueHandle(root: addRoot(Value(isFunction ? Tag.function : Tag.thunk, object)))
    }

    /// Adds a program with empty tables.
    func add(_ origin: ProgramOrigin) throws(EvalFailure) -> LoadedProgram {
        let reserved = origin.hasReservedChunks ? origin.sizes.chunks : 0
        guard reserved <= state.pointee.heap.chunkCapacity - state.pointee.chunkCount else {
            throw Self.tooManyPrograms
        }
        var budget = LoadBudget(self)
        try budget.charge(origin.byteCount)
        budget.finish()
        let loaded = LoadedProgram(origin, number: programs.count, nextChunk: state.pointee.chunkCount)
        programs.append(loaded)
        // Chunks that no code refers to yet are never read, so they need no entry now.
        state.pointee.chunkCount += reserved
        return loaded
    }

    /// Changes a program's tables. If that fails they are incomplete, so nothing of the program may run, and every
    /// later attempt fails in the same way.
    func extend(
        _ loaded: LoadedProgram, _ body: (inout LoadBudget) throws(EvalFailure) -> Void
    ) throws(EvalFailure) {
        if let failure = loaded.failure { throw failure }
        var budget = LoadBudget(self)
        do throws(EvalFailure) {
            try body(&budget)
        } catch {
            loaded.failure = error
            budget.finish()
            throw error
        }
        budget.finish()
        interpreter.countOutsideHeap(loaded.takeUncountedBytes())
    }

    static var tooManyPrograms: EvalFailure {
        EvalFailure(kind: .memoryExceeded, message: Array("too many programs loaded".utf8))
    }
}
