import NixBytecode

/// Making programs part of the machine.
extension Machine {
    /// Makes a verified program's constants, layouts and chunks part of the machine.
    ///
    /// - Parameters:
    ///   - directory: what relative paths start from.
    ///   - name: what positions call the source.
    /// - Returns: the machine's index of the top-level chunk, or a failure (an unknown global, too many chunks, a limit).
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

    /// Makes the first part of a program whose code is made as it is run part of the machine.
    ///
    /// - Returns: the number of the program.
    func load(
        _ part: ProgramPart, lines: @escaping () -> LineFinder?, name: String, directory: [UInt8], firstChunk: Int
    ) throws(EvalFailure) -> Int {
        let loaded = try add(
            ProgramSizes(part), lines: lines, name: name, directory: directory, firstChunk: firstChunk)
        try extend(loaded, by: part)
        return programs.count - 1
    }

    /// Adds a program without contents.
    func add(
        _ sizes: ProgramSizes, lines: @escaping () -> LineFinder?, spans: ((Int) -> [InstructionSpan])? = nil,
        name: String, directory: [UInt8], firstChunk: Int
    ) throws(EvalFailure) -> LoadedProgram {
        var budget = LoadBudget(self)
        try budget.take(sizes.tableBytes + LoadedProgram.outOfLineBytes + directory.count)
        budget.finish()
        let loaded = LoadedProgram(
            sizes, lines: lines, spans: spans, number: programs.count, sourceName: name, directory: directory,
            firstChunk: firstChunk)
        programs.append(loaded)
        return loaded
    }

    /// Changes a program's tables. Where that fails they are not whole, and every later attempt fails in the same way:
    /// nothing of the program is run.
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

    /// Adds what a part of a program brings.
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
            try budget.take(loaded.symbols.growth)
            loaded.symbols.append(try symbol(name, &budget))
        }
        for constant in constants {
            try budget.take(loaded.constants.growth)
            loaded.constants.append(try load(constant, loaded, &budget))
        }
        for shape in shapes {
            try budget.take(loaded.shapes.growth)
            loaded.shapes.append(try load(shape, loaded, &budget))
        }
        for formals in formals {
            try budget.take(loaded.formals.growth + formals.outOfLineBytes + 2 * MemoryLayout<Formals>.stride)
            loaded.program.formals.append(formals)
            loaded.formals.append(try load(formals, loaded, &budget))
        }
        loaded.publish()
        for index in firstFormals..<loaded.formals.count { try fillDefaults(loaded, index, &budget) }
    }

    private func symbol(_ name: [UInt8], _ budget: inout LoadBudget) throws(EvalFailure) -> UInt32 {
        // The closure of `withUnsafeBufferPointer` has no inout parameter of a type that cannot be copied.
        guard !name.isEmpty else { return try budget.symbol(UnsafeBufferPointer(start: nil, count: 0)) }
        return try name.withUnsafeBufferPointer { (bytes) throws(EvalFailure) in try budget.symbol(bytes) }
    }

    private func announce(
        _ chunk: ChunkOutline, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        let place = state.pointee.chunkCount
        guard place < state.pointee.heap.chunkCapacity else { throw Self.tooManyPrograms }
        try budget.work()
        try budget.take(
            MemoryLayout<LoadedChunk>.stride + loaded.descriptions.growth + 2 * MemoryLayout<UInt32>.stride)
        announce(chunk, at: place, chunkIndex: loaded.places.count, loaded)
        loaded.places.append(UInt32(truncatingIfNeeded: place))
        loaded.descriptions.append(0)
        state.pointee.chunkCount += 1
    }

    static var tooManyPrograms: EvalFailure {
        EvalFailure(kind: .memoryExceeded, message: Array("too many programs loaded".utf8))
    }

    /// Gives a chunk its place, with code that asks the host for its own.
    func announce(_ chunk: ChunkOutline, at place: Int, chunkIndex: Int, _ loaded: LoadedProgram) {
        state.pointee.chunks[place] = LoadedChunk(
            code: interpreter.stepCode(.makeCode), tables: UnsafePointer(loaded.tables),
            arity: UInt32(chunk.arity),
            maximumStack: UInt32(chunk.arity), program: UInt32(truncatingIfNeeded: loaded.tables.pointee.program),
            index: UInt32(truncatingIfNeeded: chunkIndex))
    }

    /// Keeps what is known of a chunk.
    ///
    /// - Parameter isShared: somebody else keeps, and has counted, the arrays that it refers to.
    func describe(
        _ chunk: Chunk, _ chunkIndex: Int, _ loaded: LoadedProgram, isShared: Bool = false, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.work()
        let arrays = isShared ? 0 : chunk.descriptionBytes
        try budget.take(2 * (MemoryLayout<Chunk>.stride + MemoryLayout<Int>.stride) + arrays)
        loaded.describe(chunkIndex, chunk)
    }

    /// Gives a chunk that was announced its code.
    ///
    /// - Parameter total: bytes of all code that is installed with it.
    func install(
        _ code: Chunk, _ chunkIndex: Int, _ loaded: LoadedProgram, _ total: Int, isShared: Bool = false,
        _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.take(loaded.codeGrowth(code.code.count, of: total))
        try describe(code, chunkIndex, loaded, isShared: isShared, &budget)
        let chunk = state.pointee.chunks + loaded.place(of: chunkIndex)
        chunk.pointee.code = loaded.copy(code: code.code, of: total)
        chunk.pointee.maximumStack = code.maximumStack
        state.pointee.largestFrame = max(state.pointee.largestFrame, Int(code.maximumStack))
    }
}
