import NixBytecode

/// Loading chunks of linked programs. A chunk is loaded when it is first run, with what it needs; its code stays where it
/// is.
extension Machine {
    /// Loads the top level of a linked program.
    ///
    /// - Parameters:
    ///   - linked: The program.
    ///   - name: The source's name in positions.
    ///   - directory: The directory that relative paths start from.
    /// - Returns: The top level as a thunk, or as a function under `scopedImport`.
    public func load(linked: LinkedProgram, name: String, directory: [UInt8]) throws(EvalFailure) -> ValueHandle {
        let loaded = try add(
            ProgramOrigin(
                sourceName: name, directory: directory, sizes: ProgramSizes(linked), hasReservedChunks: true,
                lines: { linked.lines.map { $0.location(of:) } }, linked: linked))
        try extend(loaded) { (budget) throws(EvalFailure) in
            announce(chunk: 0, arity: LinkedChunk(linked.chunkEntry(0)).arity, loaded)
            try loadCode(of: 0, in: loaded, linked, &budget)
        }
        return topLevel(of: loaded)
    }

    /// Loads a chunk that runs for the first time.
    func loadCode(of chunk: Int, in loaded: LoadedProgram, _ linked: LinkedProgram) throws(EvalFailure) {
        try extend(loaded) { (budget) throws(EvalFailure) in try loadCode(of: chunk, in: loaded, linked, &budget) }
    }

    private func loadCode(
        of index: Int, in loaded: LoadedProgram, _ linked: LinkedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        try loadNeeds(of: index, in: loaded, linked, &budget)
        let entry = LinkedChunk(linked.chunkEntry(index))
        guard let code = entry.code.baseAddress else { return }
        let chunk = state.pointee.chunks + loaded.machineIndex(of: index)
        chunk.pointee.code = code
        loaded.noteCode(index)
        chunk.pointee.maximumStack = UInt32(truncatingIfNeeded: entry.maximumStack)
        state.pointee.largestFrame = max(state.pointee.largestFrame, entry.maximumStack)
    }

    private func loadNeeds(
        of chunk: Int, in loaded: LoadedProgram, _ linked: LinkedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        var needs = linked.needs(ofChunk: chunk)
        var index = 0
        for _ in 0..<needs.number() {
            index &+= needs.number()
            _ = try symbol(index, loaded, linked, &budget)
        }
        index = 0
        for _ in 0..<needs.number() {
            index &+= needs.number()
            try addConstant(index, loaded, linked, &budget)
        }
        index = 0
        for _ in 0..<needs.number() {
            index &+= needs.number()
            try addShape(index, loaded, linked, &budget)
        }
        index = 0
        for _ in 0..<needs.number() {
            index &+= needs.number()
            try addFormals(index, loaded, linked, &budget)
        }
        index = 0
        for _ in 0..<needs.number() {
            try budget.work()
            index &+= needs.number()
            announce(chunk: index, arity: needs.number(), loaded)
        }
    }

    /// Sets up a chunk that loads itself when it is run, unless that was done before.
    private func announce(chunk index: Int, arity: Int, _ loaded: LoadedProgram) {
        guard loaded.announce(index) else { return }
        // An image has the chunk already, maybe with its code.
        if loaded.isOfImage, UInt(bitPattern: state.pointee.chunks[loaded.machineIndex(of: index)].code) != 0 { return }
        state.pointee.chunks[loaded.machineIndex(of: index)] = LoadedChunk(
            code: interpreter.stepCode(.makeCode), tables: UnsafePointer(loaded.tables),
            arity: UInt32(truncatingIfNeeded: arity), maximumStack: UInt32(truncatingIfNeeded: arity),
            program: UInt32(truncatingIfNeeded: loaded.number), index: UInt32(truncatingIfNeeded: index))
    }

    /// The machine's symbol for a symbol of the program.
    @inline(__always)
    private func symbol(
        _ index: Int, _ loaded: LoadedProgram, _ linked: LinkedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> UInt32 {
        let known = loaded.symbols.base[index]
        // The machine's symbol 0 is looked up each time.
        if known != 0 { return known }
        return try addSymbol(index, loaded, linked, &budget)
    }

    @inline(never)
    private func addSymbol(
        _ index: Int, _ loaded: LoadedProgram, _ linked: LinkedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> UInt32 {
        var entry = linked.symbolEntry(index)
        let symbol = try budget.symbol(entry.text())
        loaded.symbols.set(index, symbol)
        return symbol
    }

    private func addConstant(
        _ index: Int, _ loaded: LoadedProgram, _ linked: LinkedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        if loaded.constants.base[index].bits != 0 { return }
        var entry = linked.constantEntry(index)
        let value: Value
        switch ProgramFormat.ConstantTag(rawValue: entry.byte()) {
        case .string:
            try budget.work()
            value = try string(entry.text(), &budget)
        case .integer: value = try load(.integer(entry.signed()), loaded, &budget)
        case .float: value = try load(.float(entry.word()), loaded, &budget)
        case .path: value = try load(.path(Array(entry.text())), loaded, &budget)
        case .global, nil: value = try load(.global(UInt32(truncatingIfNeeded: entry.number())), loaded, &budget)
        }
        loaded.constants.set(index, value)
    }

    private func addShape(
        _ index: Int, _ loaded: LoadedProgram, _ linked: LinkedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        if loaded.shapes.isSet(index) { return }
        var entry = linked.shapeEntry(index)
        let count = entry.number()
        guard count <= Self.insertedNames else {
            let shape = linked.shape(index)
            for name in shape.names { _ = try symbol(Int(name.symbol), loaded, linked, &budget) }
            return loaded.shapes.set(index, try load(shape, loaded, &budget))
        }
        try budget.work()
        let target = try room(forShape: count, loaded, &budget)
        try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.insertedNames) {
            (order) throws(EvalFailure) in
            for name in 0..<count {
                let symbol = try symbol(entry.number(), loaded, linked, &budget)
                let position = linked.hasSpans ? attributePosition(entry.optionalSpan(), loaded) : 0
                insert(LayoutEntry(symbol, position).bits, name, into: target.keys, order)
            }
            for sorted in 0..<count { target.indices[Int(order[sorted])] = UInt32(truncatingIfNeeded: sorted) }
        }
        loaded.shapes.set(
            index, LoadedShape(layout: target.layout, count: count, indices: UnsafePointer(target.indices)))
    }

    private func addFormals(
        _ index: Int, _ loaded: LoadedProgram, _ linked: LinkedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) {
        if loaded.formals.isSet(index) { return }
        var entry = linked.formalsEntry(index)
        let hasEllipsis = entry.byte() == 1
        let count = entry.number()
        guard count <= Self.insertedNames else {
            let formals = linked.formals(index)
            for formal in formals.formals { _ = try symbol(Int(formal.symbol), loaded, linked, &budget) }
            loaded.formals.set(index, try load(formals, loaded, &budget))
            return try fillDefaults(formals, loaded, index, &budget)
        }
        try budget.work()
        let target = try room(forFormals: count, loaded, &budget)
        var defaultBytes = 0
        for formal in 0..<count {
            let symbol = try symbol(entry.number(), loaded, linked, &budget)
            target.positions[formal] = linked.hasSpans ? attributePosition(entry.optionalSpan(), loaded) : 0
            let fallback = try loadDefault(&entry, loaded, &budget)
            if fallback.chunk >= 0 { defaultBytes += Size.thunk(fallback.captureCount) }
            (target.defaults + formal).initialize(to: fallback)
            var sorted = formal
            while sorted > 0, target.sorted[sorted - 1].symbol > symbol {
                target.sorted[sorted] = target.sorted[sorted - 1]
                sorted -= 1
            }
            target.sorted[sorted] = LoadedFormals.Entry(symbol: symbol, index: UInt32(truncatingIfNeeded: formal))
        }
        loaded.formals.set(
            index,
            LoadedFormals(
                positions: UnsafePointer(target.positions), count: count, sorted: UnsafePointer(target.sorted),
                defaults: UnsafePointer(target.defaults), defaultBytes: defaultBytes, hasEllipsis: hasEllipsis))
    }

    private func loadDefault(
        _ entry: inout ProgramCursor, _ loaded: LoadedProgram, _ budget: inout LoadBudget
    ) throws(EvalFailure) -> LoadedDefault {
        switch ProgramFormat.DefaultTag(rawValue: entry.byte()) {
        case .constant: return LoadedDefault(loaded.constants.base[entry.number()], in: loaded)
        case .integer: return LoadedDefault(try integer(entry.signed(), &budget), in: loaded)
        case .null: return LoadedDefault(.null, in: loaded)
        case .true: return LoadedDefault(.true, in: loaded)
        case .false: return LoadedDefault(.false, in: loaded)
        case .none?, nil: return LoadedDefault(.absent, in: loaded)
        case .thunk:
            let chunk = entry.number()
            let packed = entry.number()
            let count = packed >> 1 + packed & 1
            try budget.work(count)
            try budget.charge(LoadedProgram.blockBytes(count, of: UInt64.self))
            let captures = loaded.block(count, of: UInt64.self)
            for capture in 0..<count { captures[capture] = entry.integer() }
            return LoadedDefault(
                value: .absent, chunk: loaded.firstChunk + chunk, captureCount: count,
                captures: UnsafePointer(captures))
        }
    }
}
