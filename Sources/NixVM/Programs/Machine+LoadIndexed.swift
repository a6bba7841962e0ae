import NixBytecode

/// Programs that are read and proved chunk by chunk.
extension Machine {
    /// Loads the top level of a program of which the machine asks for the rest as it runs it.
    ///
    /// - Parameter part: that of chunk 0.
    /// - Returns: the top level, and the number of the program in requests.
    public func load(
        indexed program: IndexedProgram, part: IndexedPart, name: String, directory: [UInt8]
    ) throws(EvalFailure) -> (top: ValueHandle, program: Int) {
        let first = s.pointee.chunkCount
        guard first + program.chunkCount <= MachineState.chunkCapacity else {
            throw EvalFailure(kind: .memoryExceeded, message: Array("too many programs loaded".utf8))
        }
        let none = ProgramPart(
            symbols: [], constants: [], shapes: [], formals: [], firstChunk: 0, newChunks: [], functions: [], code: [])
        let loaded = LoadedProgram(
            none, lines: { program.lines }, spans: { program.instructionSpans(of: $0) }, number: programs.count,
            sourceName: name, directory: directory,
            firstChunk: first)
        loaded.symbols.reserve(program.symbolCount)
        loaded.constants.reserve(program.constantCount)
        loaded.shapes.reserve(program.shapeCount)
        loaded.formals.reserve(program.formalsCount)
        loaded.descriptions.reserve(program.chunkCount)
        for row in 0..<program.chunkCount { loaded.descriptions.set(row, 0) }
        loaded.publish()
        loaded.program.formals = Array(repeating: Formals(formals: [], hasEllipsis: false), count: program.formalsCount)
        // Chunks that nothing has named yet are not looked at.
        s.pointee.chunkCount += program.chunkCount
        programs.append(loaded)
        try extend(loaded, by: part)
        let isFunction = s.pointee.chunks[first].arity > 0
        return (ValueHandle(root: addRoot(permanentThunk(first, isFunction: isFunction))), programs.count - 1)
    }

    /// Answers a request for the code of a chunk of an indexed program.
    public func answer(code part: IndexedPart, program: Int) {
        do throws(EvalFailure) {
            try extend(programs[program], by: part)
        } catch {
            return answer(failure: error)
        }
        continueWithCode()
    }

    private func extend(_ loaded: LoadedProgram, by part: IndexedPart) throws(EvalFailure) {
        part.bytes.withUnsafeBufferPointer { bytes in
            for (index, name) in part.symbols {
                loaded.symbols.set(index, s.pointee.symbols.intern(UnsafeBufferPointer(rebasing: bytes[name])))
            }
        }
        for (index, constant) in part.constants { loaded.constants.set(index, try load(constant, loaded)) }
        for (index, shape) in part.shapes { loaded.shapes.set(index, load(shape, loaded)) }
        for (index, formals) in part.formals {
            loaded.program.formals[index] = formals
            loaded.formals.set(index, load(formals, loaded))
            fillDefaults(loaded, index)
        }
        for (index, outline) in part.outlines { announce(outline, at: loaded.firstChunk + index, row: index, loaded) }
        for (index, chunk) in part.functions { loaded.describe(index, chunk) }
        let total = part.code.reduce(0) { $0 + $1.chunk.code.count }
        for (index, chunk) in part.code { install(chunk, index, loaded, total) }
    }
}
