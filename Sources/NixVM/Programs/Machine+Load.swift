import NixBytecode

/// Loading programs into the machine.
extension Machine {
    /// Loads a verified program: its constants, layouts and chunks.
    ///
    /// - Parameters:
    ///   - directory: The directory that relative paths start from.
    ///   - name: The source's name in positions.
    /// - Returns: The machine's index of the top-level chunk.
    /// - Throws: A failure because of an unknown global, too many chunks, or a limit.
    func load(_ program: Program, name: String, directory: [UInt8]) throws(EvalFailure) -> Int {
        let first = state.pointee.chunkCount
        let sizes = ProgramSizes(program)
        let lines = program.lines
        let loaded = try add(
            sizes, lines: { lines.map { $0.location(of:) } }, name: name, directory: directory, firstChunk: first)
        try extend(loaded) { (budget) throws(EvalFailure) in
            try addTables(
                symbols: program.symbols, constants: program.constants, shapes: program.shapes,
                formals: program.formals, to: loaded, &budget)
            for chunk in program.chunks { try announce(ChunkOutline(chunk), loaded, &budget) }
            for (chunkIndex, chunk) in program.chunks.enumerated() {
                try install(chunk, chunkIndex, loaded, sizes.code, isShared: true, &budget)
            }
        }
        return first
    }

    /// Loads the first part of a program whose code is generated on demand.
    ///
    /// - Returns: The number of the program.
    func load(
        _ part: ProgramPart, lines: @escaping () -> LineFinder?, name: String, directory: [UInt8], firstChunk: Int
    ) throws(EvalFailure) -> Int {
        let loaded = try add(
            ProgramSizes(part), lines: lines, name: name, directory: directory, firstChunk: firstChunk)
        try extend(loaded, by: part)
        return programs.count - 1
    }

    /// Adds a program with empty tables.
    func add(
        _ sizes: ProgramSizes, lines: @escaping () -> LineFinder?, spans: ((Int) -> [InstructionSpan])? = nil,
        name: String, directory: [UInt8], firstChunk: Int
    ) throws(EvalFailure) -> LoadedProgram {
        var budget = LoadBudget(self)
        try budget.charge(sizes.tableBytes + LoadedProgram.outOfLineBytes + directory.count)
        budget.finish()
        let loaded = LoadedProgram(
            sizes, lines: lines, spans: spans, number: programs.count, sourceName: name, directory: directory,
            firstChunk: firstChunk)
        programs.append(loaded)
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
    }

    /// The name of one of a program's symbols.
    func name(of symbol: UInt32, in loaded: LoadedProgram) -> [UInt8] {
        Array(state.pointee.symbols.bytes(loaded.symbols.base[Int(symbol)]))
    }

    /// Adds a part of a program.
    func extend(_ loaded: LoadedProgram, by part: ProgramPart) throws(EvalFailure) {
        try extend(loaded) { (budget) throws(EvalFailure) in
            try addTables(
                symbols: part.symbols, constants: part.constants, shapes: part.shapes, formals: part.formals,
                to: loaded, &budget)
            for chunk in part.newChunks { try announce(chunk, loaded, &budget) }
            for function in part.functions { try describe(function.chunk, function.chunkIndex, loaded, &budget) }
            var total = 0
            for index in part.code.indices { total += part.code[index].chunk.code.count }
            for code in part.code { try install(code.chunk, code.chunkIndex, loaded, total, &budget) }
        }
    }

    private func addTables(
        symbols: [[UInt8]], constants: [Constant], shapes: [Shape], formals: [Formals], to loaded: LoadedProgram,
        _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        let firstFormals = loaded.formals.count
        for name in symbols {
            try budget.charge(loaded.symbols.growth)
            loaded.symbols.append(try symbol(name, &budget))
        }
        for constant in constants {
            try budget.charge(loaded.constants.growth)
            loaded.constants.append(try load(constant, loaded, &budget))
        }
        for shape in shapes {
            try budget.charge(loaded.shapes.growth)
            loaded.shapes.append(try load(shape, loaded, &budget))
        }
        for formals in formals {
            try budget.charge(loaded.formals.growth + formals.outOfLineBytes + 2 * MemoryLayout<Formals>.stride)
            loaded.program.formals.append(formals)
            loaded.formals.append(try load(formals, loaded, &budget))
        }
        loaded.publish()
        for index in firstFormals..<loaded.formals.count { try fillDefaults(loaded, index, &budget) }
    }

    private func symbol(_ name: [UInt8], _ budget: inout LoadBudget) throws(EvalFailure) -> UInt32 {
        // The closure of `withUnsafeBufferPointer` cannot take an inout parameter of a noncopyable type.
        guard !name.isEmpty else { return try budget.symbol(UnsafeBufferPointer(start: nil, count: 0)) }
        return try name.withUnsafeBufferPointer { (bytes) throws(EvalFailure) in try budget.symbol(bytes) }
    }

    private func announce(
        _ chunk: ChunkOutline, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        let index = state.pointee.chunkCount
        guard index < state.pointee.heap.chunkCapacity else { throw Self.tooManyPrograms }
        try budget.work()
        try budget.charge(
            MemoryLayout<LoadedChunk>.stride + loaded.descriptions.growth + 2 * MemoryLayout<UInt32>.stride)
        announce(chunk, at: index, chunkIndex: loaded.machineIndices.count, loaded)
        loaded.machineIndices.append(UInt32(truncatingIfNeeded: index))
        loaded.descriptions.append(0)
        state.pointee.chunkCount += 1
    }

    static var tooManyPrograms: EvalFailure {
        EvalFailure(kind: .memoryExceeded, message: Array("too many programs loaded".utf8))
    }

    /// Sets up a chunk whose code asks the host for the chunk's own code.
    func announce(_ chunk: ChunkOutline, at index: Int, chunkIndex: Int, _ loaded: LoadedProgram) {
        state.pointee.chunks[index] = LoadedChunk(
            code: interpreter.stepCode(.makeCode), tables: UnsafePointer(loaded.tables),
            arity: UInt32(chunk.arity),
            maximumStack: UInt32(chunk.arity), program: UInt32(truncatingIfNeeded: loaded.tables.pointee.program),
            index: UInt32(truncatingIfNeeded: chunkIndex))
    }

    /// Records what is known of a chunk.
    ///
    /// - Parameter isShared: Whether someone else keeps the arrays that the chunk refers to, and has counted them.
    func describe(
        _ chunk: Chunk, _ chunkIndex: Int, _ loaded: LoadedProgram, isShared: Bool = false, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.work()
        let arrays = isShared ? 0 : chunk.descriptionBytes
        try budget.charge(2 * (MemoryLayout<Chunk>.stride + MemoryLayout<Int>.stride) + arrays)
        loaded.describe(chunkIndex, chunk)
    }

    /// Sets the code of a chunk that was announced.
    ///
    /// - Parameter total: The bytes of all code that is installed together.
    func install(
        _ code: Chunk, _ chunkIndex: Int, _ loaded: LoadedProgram, _ total: Int, isShared: Bool = false,
        _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.charge(loaded.codeGrowth(code.code.count, of: total))
        try describe(code, chunkIndex, loaded, isShared: isShared, &budget)
        let chunk = state.pointee.chunks + loaded.machineIndex(of: chunkIndex)
        chunk.pointee.code = loaded.copy(code: code.code, of: total)
        chunk.pointee.maximumStack = code.maximumStack
        state.pointee.largestFrame = max(state.pointee.largestFrame, Int(code.maximumStack))
    }
}
