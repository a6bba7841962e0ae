import NixBytecode

/// The one owner of all memory that a machine reaches by address: the ranges of its heap, stacks, programs and roots, its
/// caches and symbols, and the state that points into them.
///
/// Only the symbol table grows by moving. The state refers to the `SymbolTable` itself, whose address is fixed, and never
/// to its buffers. So `MachineState` holds only numbers and addresses that are valid as long as the storage lives, and may
/// be copied as bits.
final class MachineStorage {
    let sizes: HeapSizes
    /// This range holds the old space and the nursery, in this order.
    private let objects: AddressRange
    private let permanent: AddressRange
    /// The tables and the stack of a full collection.
    private let marking: AddressRange
    private let stack: AddressRange
    private let frames: AddressRange
    /// An address for each frame, as described at `TailSites`.
    private let tailSites: AddressRange
    private let chunks: AddressRange
    private let roots: AddressRange
    private let remembered: AddressRange
    private let tailSiteRing: FixedTable<TailSites.Entry>
    private let layoutCache = FixedTable(repeating: LayoutCacheEntry(), count: LayoutCacheEntry.count)
    private let sharedLayouts = FixedTable(repeating: SharedLayout(), count: SharedLayout.count)
    private let lookupCache = FixedTable(repeating: LookupCacheEntry(), count: LookupCacheEntry.count)
    private let checkedElements = FixedTable(repeating: CheckedElements(), count: CheckedElements.count)
    private let returnCode: FixedTable<UInt8>
    private let tables: FixedTable<ProgramTables>
    private let symbols: UnsafeMutablePointer<SymbolTable>
    let state: UnsafeMutablePointer<MachineState>

    /// Reserves and allocates everything. The result is nil when the address space cannot be reserved.
    ///
    /// - Parameter memoryLimit: The machine's limit in bytes, or nil for none. The ranges are in proportion to it, and to
    ///   what the system's limit on address space leaves.
    init?(memoryLimit: Int?) {
        guard let sizes = HeapSizes(memoryLimit: memoryLimit, room: AddressSpace.room) else { return nil }
        self.sizes = sizes
        guard let objects = AddressRange(byteCount: sizes.space * 2),
            let permanent = AddressRange(byteCount: sizes.permanent),
            let marking = AddressRange(byteCount: sizes.marking),
            let stack = AddressRange(byteCount: sizes.stack), let frames = AddressRange(byteCount: sizes.stack),
            let tailSites = AddressRange(sizes.stack / MemoryLayout<Frame>.stride, of: UInt.self),
            let chunks = AddressRange(sizes.chunks, of: LoadedChunk.self),
            let roots = AddressRange(MachineState.rootCapacity, of: Value.self),
            let remembered = AddressRange(RememberedSet.capacity, of: UInt.self)
        else { return nil }
        let returnCode = FixedTable(repeating: Opcode.return.rawValue, count: 8)
        tailSiteRing = FixedTable(
            repeating: TailSites.Entry(frame: 0, site: UnsafePointer(returnCode.base)), count: TailSites.capacity)
        tables = FixedTable([ProgramTables(none: UnsafeRawPointer(permanent.start))])
        symbols = .allocate(capacity: 1)
        symbols.initialize(to: SymbolTable())
        state = .allocate(capacity: 1)
        self.objects = objects
        self.permanent = permanent
        self.marking = marking
        self.stack = stack
        self.frames = frames
        self.tailSites = tailSites
        self.chunks = chunks
        self.roots = roots
        self.remembered = remembered
        self.returnCode = returnCode
    }

    deinit {
        symbols.deinitialize(count: 1)
        symbols.deallocate()
        state.deallocate()
    }

    /// Sets the state to that of a machine that has allocated and loaded nothing.
    func initializeState(for machine: Machine) {
        var heap = Heap(
            sizes: sizes, objects: objects.start, permanent: permanent.start, marking: marking.start)
        let env = heap.makeFirstObject(kind: Kind.closure)
        let objects = heap.makeEmptyObjects()
        let stack = stack.base(as: Value.self)
        let frames = frames.base(as: Frame.self)
        let code = UnsafePointer(returnCode.base)
        let tables = UnsafePointer(self.tables.base)
        state.initialize(
            to: MachineState(
                registers: Registers(
                    pc: code, sp: stack, bp: stack, fp: frames, env: env, hp: heap.nursery, tables: tables),
                instruction: code, hpLimit: heap.nursery, windowEnd: heap.nursery,
                spLimit: stack + MachineState.firstStackWindow,
                fpLimit: frames, grantedFuel: 0, chunks: chunks.base(as: LoadedChunk.self), stackBase: stack,
                framesBase: frames, bottomFrame: frames, arguments: stack, roots: roots.base(as: Value.self),
                heap: heap,
                nurseryStart: heap.nursery, remembered: RememberedSet(remembered.base(as: UInt.self)),
                memoryLimit: machine.limits.memory, maximumDepth: machine.limits.depth, fuel: machine.limits.fuel,
                stress: machine.settings.stress, symbolTable: symbols, layoutCache: layoutCache.base,
                sharedLayouts: sharedLayouts.base, lookupCache: lookupCache.base,
                checkedElements: checkedElements.base, emptyList: objects.list, emptyAttributes: objects.attributes,
                emptyString: objects.string, builtins: UnsafePointer(BuiltinTable.codes.base),
                builtinCount: BuiltinTable.codes.count,
                stepCodes: UnsafeRawPointer(BuiltinTable.instructions.base).assumingMemoryBound(to: UInt8.self),
                returnCode: returnCode.base, machineEnv: env,
                machineTables: self.tables.base,
                host: .passUnretained(machine),
                tailSites: TailSites(
                    first: tailSites.start, frames: UnsafeMutableRawPointer(frames), ring: tailSiteRing.base)))
        state.pointee.chunks[0] = LoadedChunk(
            code: code, tables: tables, arity: 0, maximumStack: 0, program: 0, index: 0)
        state.pointee.chunkCount = 1
    }
}
