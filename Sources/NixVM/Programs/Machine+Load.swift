import NixBytecode

/// Making programs part of the machine.
extension Machine {
    /// Makes a verified program's constants, layouts and chunks part of the machine.
    ///
    /// - Parameters:
    ///   - directory: what relative paths start from.
    ///   - name: what positions call the source.
    /// - Returns: the machine's index of the top-level chunk, or a failure (an unknown global, too many chunks).
    func load(_ program: Program, name: String, directory: [UInt8]) throws(EvalFailure) -> Int {
        let first = s.pointee.chunkCount
        let part = ProgramPart(
            symbols: program.symbols, constants: program.constants, shapes: program.shapes, formals: program.formals,
            firstChunk: UInt32(truncatingIfNeeded: first), newChunks: program.chunks,
            code: program.chunks.enumerated().map { ProgramPart.Code(row: $0.offset, chunk: $0.element) })
        _ = try load(part, lines: program.lines, name: name, directory: directory, firstChunk: first)
        return first
    }

    /// Makes the first part of a program whose code is made as it is run part of the machine.
    ///
    /// - Returns: the number of the program.
    func load(
        _ part: ProgramPart, lines: LineTable?, name: String, directory: [UInt8], firstChunk: Int
    ) throws(EvalFailure) -> Int {
        let loaded = LoadedProgram(
            part, lines: lines, number: programs.count, sourceName: name, directory: directory, firstChunk: firstChunk)
        programs.append(loaded)
        try extend(loaded, by: part)
        return programs.count - 1
    }

    /// Adds what a part of a program brings.
    func extend(_ loaded: LoadedProgram, by part: ProgramPart) throws(EvalFailure) {
        guard s.pointee.chunkCount + part.newChunks.count <= MachineState.chunkCapacity else {
            throw EvalFailure(kind: .memoryExceeded, message: Array("too many programs loaded".utf8))
        }
        let firstFormals = loaded.formals.count
        loaded.program.symbols += part.symbols
        loaded.program.formals += part.formals
        for symbol in part.symbols { loaded.symbols.append(s.pointee.symbols.intern(symbol)) }
        for constant in part.constants { loaded.constants.append(try load(constant, loaded)) }
        for shape in part.shapes { loaded.shapes.append(load(shape, loaded)) }
        for formals in part.formals { loaded.formals.append(load(formals, loaded)) }
        loaded.publish()
        for index in firstFormals..<loaded.formals.count { fillDefaults(loaded, index) }
        announce(part.newChunks, loaded)
        let total = part.code.reduce(0) { $0 + $1.chunk.code.count }
        for code in part.code { install(code, loaded, total) }
    }

    /// Gives chunks their places, with code that asks the host for theirs.
    private func announce(_ chunks: [Chunk], _ loaded: LoadedProgram) {
        for chunk in chunks {
            s.pointee.chunks[s.pointee.chunkCount] = LoadedChunk(
                code: vm.stepCode(Builtin.makeCode), tables: UnsafePointer(loaded.tables), arity: chunk.arity,
                maximumStack: chunk.arity, program: UInt32(truncatingIfNeeded: loaded.tables.pointee.program),
                index: UInt32(truncatingIfNeeded: loaded.machineChunks.count))
            loaded.machineChunks.append(s.pointee.chunkCount)
            s.pointee.chunkCount += 1
        }
        loaded.program.chunks += chunks
    }

    private func install(_ code: ProgramPart.Code, _ loaded: LoadedProgram, _ total: Int) {
        install(code.chunk, at: loaded.machineChunks[code.row], loaded, total)
    }

    /// Gives a chunk that was announced its code.
    ///
    /// - Parameter place: the machine's index of it.
    func install(_ code: Chunk, at place: Int, _ loaded: LoadedProgram, _ total: Int) {
        let chunk = s.pointee.chunks + place
        chunk.pointee.code = loaded.copy(code: code.code, of: total)
        chunk.pointee.maximumStack = code.maximumStack
        loaded.program.chunks[Int(chunk.pointee.index)] = code
        s.pointee.largestFrame = max(s.pointee.largestFrame, Int(code.maximumStack))
    }
}
