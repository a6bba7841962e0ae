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
            firstChunk: UInt32(truncatingIfNeeded: first), newChunks: program.chunks.map(ChunkOutline.init),
            functions: [],
            code: program.chunks.enumerated().map { ProgramPart.Code(row: $0.offset, chunk: $0.element) })
        let lines = program.lines
        _ = try load(part, lines: { lines }, name: name, directory: directory, firstChunk: first)
        return first
    }

    /// Makes the first part of a program whose code is made as it is run part of the machine.
    ///
    /// - Returns: the number of the program.
    func load(
        _ part: ProgramPart, lines: @escaping () -> LineTable?, name: String, directory: [UInt8], firstChunk: Int
    ) throws(EvalFailure) -> Int {
        let loaded = LoadedProgram(
            part, lines: lines, number: programs.count, sourceName: name, directory: directory, firstChunk: firstChunk)
        programs.append(loaded)
        try extend(loaded, by: part)
        return programs.count - 1
    }

    /// The name of one of a program's symbols.
    func name(of symbol: UInt32, in loaded: LoadedProgram) -> [UInt8] {
        Array(s.pointee.symbols.bytes(loaded.symbols.base[Int(symbol)]))
    }

    /// Adds what a part of a program brings.
    func extend(_ loaded: LoadedProgram, by part: ProgramPart) throws(EvalFailure) {
        guard s.pointee.chunkCount + part.newChunks.count <= MachineState.chunkCapacity else {
            throw EvalFailure(kind: .memoryExceeded, message: Array("too many programs loaded".utf8))
        }
        let firstFormals = loaded.formals.count
        loaded.program.formals += part.formals
        for symbol in part.symbols { loaded.symbols.append(s.pointee.symbols.intern(symbol)) }
        for constant in part.constants { loaded.constants.append(try load(constant, loaded)) }
        for shape in part.shapes { loaded.shapes.append(load(shape, loaded)) }
        for formals in part.formals { loaded.formals.append(load(formals, loaded)) }
        loaded.publish()
        for index in firstFormals..<loaded.formals.count { fillDefaults(loaded, index) }
        announce(part.newChunks, loaded)
        for function in part.functions { loaded.describe(function.row, function.chunk) }
        let total = part.code.reduce(0) { $0 + $1.chunk.code.count }
        for code in part.code { install(code.chunk, code.row, loaded, total) }
    }

    private func announce(_ chunks: [ChunkOutline], _ loaded: LoadedProgram) {
        for chunk in chunks {
            let place = s.pointee.chunkCount
            announce(chunk, at: place, row: loaded.places.count, loaded)
            loaded.places.append(UInt32(truncatingIfNeeded: place))
            loaded.descriptions.append(0)
            s.pointee.chunkCount += 1
        }
    }

    /// Gives a chunk its place, with code that asks the host for its own.
    func announce(_ chunk: ChunkOutline, at place: Int, row: Int, _ loaded: LoadedProgram) {
        s.pointee.chunks[place] = LoadedChunk(
            code: vm.stepCode(Builtin.makeCode), tables: UnsafePointer(loaded.tables), arity: UInt32(chunk.arity),
            maximumStack: UInt32(chunk.arity), program: UInt32(truncatingIfNeeded: loaded.tables.pointee.program),
            index: UInt32(truncatingIfNeeded: row))
    }

    /// Gives a chunk that was announced its code.
    func install(_ code: Chunk, _ row: Int, _ loaded: LoadedProgram, _ total: Int) {
        let chunk = s.pointee.chunks + loaded.place(of: row)
        chunk.pointee.code = loaded.copy(code: code.code, of: total)
        chunk.pointee.maximumStack = code.maximumStack
        loaded.describe(row, code)
        s.pointee.largestFrame = max(s.pointee.largestFrame, Int(code.maximumStack))
    }
}
