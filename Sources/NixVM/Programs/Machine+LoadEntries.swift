import NixBytecode

/// Adding entries to the tables of a loaded program, in the order in which entries refer to each other.
extension Machine {
    /// Adds everything that a part has.
    func add(_ part: ProgramPart, to loaded: LoadedProgram, _ budget: inout LoadBudget) throws(EvalFailure) {
        for entry in part.symbols { try add(symbol: entry.element, at: Int(entry.index), loaded, &budget) }
        for entry in part.constants { try add(entry.element, at: Int(entry.index), loaded, &budget) }
        for entry in part.shapes { try add(entry.element, at: Int(entry.index), loaded, &budget) }
        for entry in part.formals { try add(entry.element, at: Int(entry.index), loaded, &budget) }
        loaded.publish()
        for entry in part.outlines { try announce(entry.element, Int(entry.index), loaded, &budget) }
        for function in part.functions { try describe(function.chunk, function.chunkIndex, loaded, &budget) }
        var codeBytes = 0
        for index in part.code.indices { codeBytes += part.code[index].chunk.code.count }
        for code in part.code { try install(code.chunk, code.chunkIndex, loaded, codeBytes, &budget) }
    }

    /// Adds a whole program, whose entries have their indices by their order. The program's owner keeps the arrays that
    /// its chunks refer to, and has counted them.
    func add(_ program: Program, to loaded: LoadedProgram, _ budget: inout LoadBudget) throws(EvalFailure) {
        for (index, name) in program.symbols.enumerated() { try add(symbol: name[...], at: index, loaded, &budget) }
        for (index, constant) in program.constants.enumerated() { try add(constant, at: index, loaded, &budget) }
        for (index, shape) in program.shapes.enumerated() { try add(shape, at: index, loaded, &budget) }
        for (index, formals) in program.formals.enumerated() { try add(formals, at: index, loaded, &budget) }
        loaded.publish()
        for (index, chunk) in program.chunks.enumerated() {
            try announce(ChunkOutline(chunk), index, loaded, &budget)
        }
        let codeBytes = program.chunks.reduce(0) { $0 + $1.code.count }
        for (index, chunk) in program.chunks.enumerated() {
            try install(chunk, index, loaded, codeBytes, isShared: true, &budget)
        }
    }

    private func add(
        symbol name: ArraySlice<UInt8>, at index: Int, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.charge(loaded.symbols.growth(for: index))
        let symbol = try name.withUnsafeBufferPointer { (bytes) throws(EvalFailure) in try budget.symbol(bytes) }
        loaded.symbols.set(index, symbol)
    }

    private func add(
        _ constant: Constant, at index: Int, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.charge(loaded.constants.growth(for: index))
        loaded.constants.set(index, try load(constant, loaded, &budget))
    }

    private func add(
        _ shape: Shape, at index: Int, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.charge(loaded.shapes.growth(for: index))
        loaded.shapes.set(index, try load(shape, loaded, &budget))
    }

    private func add(
        _ formals: Formals, at index: Int, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.charge(loaded.formalsGrowth(for: index) + formals.outOfLineBytes)
        loaded.keep(formals, at: index)
        loaded.formals.set(index, try load(formals, loaded, &budget))
        try fillDefaults(formals, loaded, index, &budget)
    }

    /// Sets up a chunk whose code asks the host for the chunk's own code.
    private func announce(
        _ chunk: ChunkOutline, _ chunkIndex: Int, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try budget.work()
        if !loaded.origin.hasReservedChunks { try addMachineIndex(loaded, &budget) }
        try budget.charge(loaded.descriptions.growth(for: chunkIndex))
        loaded.descriptions.set(chunkIndex, 1)
        state.pointee.chunks[loaded.machineIndex(of: chunkIndex)] = LoadedChunk(
            code: interpreter.stepCode(.makeCode), tables: UnsafePointer(loaded.tables),
            arity: UInt32(chunk.arity),
            maximumStack: UInt32(chunk.arity), program: UInt32(truncatingIfNeeded: loaded.number),
            index: UInt32(truncatingIfNeeded: chunkIndex))
    }

    private func addMachineIndex(_ loaded: LoadedProgram, _ budget: inout LoadBudget) throws(EvalFailure) {
        let index = state.pointee.chunkCount
        guard index < state.pointee.heap.chunkCapacity else { throw Self.tooManyPrograms }
        try budget.charge(MemoryLayout<LoadedChunk>.stride + 2 * MemoryLayout<UInt32>.stride)
        loaded.add(machineIndex: index)
        state.pointee.chunkCount += 1
    }

    /// Records what is known of a chunk.
    ///
    /// - Parameter isShared: Whether someone else keeps the arrays that the chunk refers to, and has counted them.
    private func describe(
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
    private func install(
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

    /// The name of one of a program's symbols.
    func name(of symbol: UInt32, in loaded: LoadedProgram) -> [UInt8] {
        loaded.origin.linked?.symbol(Int(symbol)) ?? Array(state.pointee.symbols.bytes(loaded.symbols.base[Int(symbol)]))
    }
}
