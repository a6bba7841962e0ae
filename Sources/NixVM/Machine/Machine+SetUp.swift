import NixBytecode

extension Machine {
    /// Lays out the machine's fixed objects. Chunk 0 is no chunk: the environment of builtins' frames.
    func setUp(_ heap: Heap) {
        let stack = heap.stack.assumingMemoryBound(to: Value.self)
        let frames = heap.frames.assumingMemoryBound(to: Frame.self)
        var heap = heap
        let returnCode = UnsafeMutablePointer<UInt8>.allocate(capacity: 8)
        returnCode.initialize(repeating: Opcode.return.rawValue, count: 8)
        let tables = UnsafeMutablePointer<ProgramTables>.allocate(capacity: 1)
        let nowhere = UnsafeRawPointer(heap.permanent)
        tables.initialize(
            to: ProgramTables(
                constants: nowhere.assumingMemoryBound(to: Value.self),
                symbols: nowhere.assumingMemoryBound(to: UInt32.self),
                shapes: nowhere.assumingMemoryBound(to: LoadedShape.self),
                formals: nowhere.assumingMemoryBound(to: LoadedFormals.self), firstChunk: 0, program: -1))
        let env = heap.allocatePermanent(words: 2)
        env[0] = Object.header(Kind.closure, field: 0)
        let list = heap.allocatePermanent(words: 1)
        list[0] = Object.header(Kind.list, field: 0)
        let layout = heap.allocatePermanent(words: 2)
        layout[0] = Object.header(Kind.layout, field: 0)
        layout[1] = Value.null.bits
        let attributes = heap.allocatePermanent(words: 2)
        attributes[0] = Object.header(Kind.attributes, field: 0)
        attributes[1] = UInt64(UInt(bitPattern: layout))
        let string = heap.allocatePermanent(words: 1)
        string[0] = Object.header(Kind.string, field: 0)
        let cache = UnsafeMutablePointer<LayoutCacheEntry>.allocate(capacity: LayoutCacheEntry.count)
        cache.initialize(repeating: LayoutCacheEntry(), count: LayoutCacheEntry.count)
        let layouts = UnsafeMutablePointer<SharedLayout>.allocate(capacity: SharedLayout.count)
        layouts.initialize(repeating: SharedLayout(), count: SharedLayout.count)
        let lookups = UnsafeMutablePointer<LookupCacheEntry>.allocate(capacity: LookupCacheEntry.count)
        lookups.initialize(repeating: LookupCacheEntry(), count: LookupCacheEntry.count)
        let checked = UnsafeMutablePointer<CheckedElements>.allocate(capacity: CheckedElements.count)
        checked.initialize(repeating: CheckedElements(), count: CheckedElements.count)
        let symbols = UnsafeMutablePointer<SymbolTable>.allocate(capacity: 1)
        symbols.initialize(to: SymbolTable())
        s.initialize(
            to: MachineState(
                r: Registers(
                    pc: UnsafePointer(returnCode), sp: stack, bp: stack, fp: frames, env: env, hp: heap.nursery,
                    tables: UnsafePointer(tables)),
                instruction: UnsafePointer(returnCode), hpLimit: heap.nursery,
                spLimit: stack + (1 << 14), fpLimit: frames + min(1 << 13, limits.depth), slice: 0,
                chunks: MachineState.reserveChunks(), stackBase: stack, framesBase: frames, bottomFrame: frames,
                arguments: stack, roots: .allocate(capacity: MachineState.rootCapacity), heap: heap,
                nurseryStart: heap.nursery,
                memoryLimit: limits.memory, maximumDepth: limits.depth, fuel: limits.fuel, stress: settings.stress,
                symbolsPlace: symbols, layoutCache: cache, sharedLayouts: layouts, lookupCache: lookups,
                checkedElements: checked,
                emptyList: Value(Tag.list, list),
                emptyAttributes: Value(Tag.attributes, attributes), emptyString: Value(Tag.string, string),
                builtins: .allocate(capacity: 1), stepCodes: .allocate(capacity: 8), returnCode: returnCode,
                machineEnv: env, machineTables: tables, host: .passUnretained(self),
                tailSites: TailSites(first: heap.tailSites, frames: heap.frames)))
        s.pointee.chunks[0] = LoadedChunk(
            code: UnsafePointer(returnCode), tables: UnsafePointer(tables), arity: 0, maximumStack: 0, program: 0,
            index: 0)
        s.pointee.chunkCount = 1
        for name in Symbols.names { _ = s.pointee.symbols.intern(name) }
    }
}
