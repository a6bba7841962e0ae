import NixBytecode

/// Programs whose chunks are read and verified on demand.
extension Machine {
    /// Loads the top level of a program. The machine requests the other chunks as it runs them.
    ///
    /// - Parameter part: The part with chunk 0.
    /// - Returns: The top level, and the number of the program in requests.
    public func load(
        indexed program: IndexedProgram, part: IndexedPart, name: String, directory: [UInt8]
    ) throws(EvalFailure) -> (top: ValueHandle, program: Int) {
        let first = state.pointee.chunkCount
        guard program.chunkCount <= state.pointee.heap.chunkCapacity - first else { throw Self.tooManyPrograms }
        let sizes = ProgramSizes(program)
        let loaded = try add(
            sizes, lines: { program.lines.map { $0.location(of:) } }, spans: { program.instructionSpans(of: $0) },
            name: name,
            directory: directory, firstChunk: first)
        let number = programs.count - 1
        try extend(loaded) { (budget) throws(EvalFailure) in
            try budget.charge(
                sizes.chunks * MemoryLayout<LoadedChunk>.stride + sizes.formals * MemoryLayout<Formals>.stride)
            loaded.reserveEntries(sizes)
            // Chunks that no code refers to yet are never read, so they need no entry now.
            state.pointee.chunkCount += sizes.chunks
            try add(part, to: loaded, &budget)
        }
        let isFunction = state.pointee.chunks[first].arity > 0
        return (ValueHandle(root: addRoot(permanentThunk(first, isFunction: isFunction))), number)
    }

    /// Answers a request for the code of a chunk of an indexed program.
    public func answer(code part: IndexedPart, program: Int) {
        let loaded = programs[program]
        do throws(EvalFailure) {
            try extend(loaded) { (budget) throws(EvalFailure) in try add(part, to: loaded, &budget) }
        } catch {
            return answer(failure: error)
        }
        continueWithCode()
    }

    private func add(
        _ part: IndexedPart, to loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        for (index, name) in part.symbols {
            let symbol = try part.bytes.withUnsafeBufferPointer { (bytes) throws(EvalFailure) in
                try budget.symbol(UnsafeBufferPointer(rebasing: bytes[name]))
            }
            loaded.symbols.set(index, symbol)
        }
        for (index, constant) in part.constants { loaded.constants.set(index, try load(constant, loaded, &budget)) }
        for (index, shape) in part.shapes { loaded.shapes.set(index, try load(shape, loaded, &budget)) }
        for (index, formals) in part.formals {
            try budget.charge(formals.outOfLineBytes)
            loaded.program.formals[index] = formals
            loaded.formals.set(index, try load(formals, loaded, &budget))
            try fillDefaults(loaded, index, &budget)
        }
        for (index, outline) in part.outlines {
            try budget.work()
            announce(outline, at: loaded.firstChunk + index, chunkIndex: index, loaded)
        }
        for (index, chunk) in part.functions { try describe(chunk, index, loaded, &budget) }
        let total = part.code.reduce(0) { $0 + $1.chunk.code.count }
        for (index, chunk) in part.code { try install(chunk, index, loaded, total, &budget) }
    }
}
