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
    /// The objects of an image, or where they will be copied to when one is written.
    private var imageObjects: AddressRange?
    /// The tables of the programs of an image.
    private var imageTables: AddressRange?
    /// The written slots of an image.
    private var imageWrites: AddressRange?
    /// Where an image may be made, or was made.
    let region: ImageRegion?
    private let image: HeapImage?
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
    /// - Parameters:
    ///   - memoryLimit: The machine's limit in bytes, or nil for none. The ranges are in proportion to it, and to what the
    ///     system's limit on address space leaves.
    ///   - region: Where the permanent range must begin, so that the heap can become an image; nil for anywhere.
    ///   - image: The image that is mapped; nil for none.
    init?(memoryLimit: Int?, region: ImageRegion? = nil, image: HeapImage? = nil) {
        guard let sizes = HeapSizes(memoryLimit: memoryLimit, room: AddressSpace.room) else { return nil }
        self.sizes = sizes
        guard let objects = AddressRange(byteCount: sizes.space * 2),
            let permanent = AddressRange(
                byteCount: min(sizes.permanent, region == nil ? .max : ImageRegion.permanentBytes), at: region?.base),
            let marking = AddressRange(byteCount: sizes.marking),
            let stack = AddressRange(byteCount: sizes.stack), let frames = AddressRange(byteCount: sizes.stack),
            let tailSites = AddressRange(sizes.stack / MemoryLayout<Frame>.stride, of: UInt.self),
            let chunks = AddressRange(sizes.chunks, of: LoadedChunk.self),
            let roots = AddressRange(MachineState.rootCapacity, of: Value.self),
            let remembered = AddressRange(RememberedSet.capacity, of: UInt.self)
        else { return nil }
        if let image {
            let objectBytes = image.bytes(.objects).count
            guard let region,
                let objects = AddressRange(
                    byteCount: min(objectBytes + sizes.space, ImageRegion.objectBytes), at: region.objects),
                let tables = AddressRange(byteCount: image.bytes(.tables).count, at: region.tables),
                let writes = AddressRange(byteCount: ImageWrites.byteCount(imageBytes: objectBytes)),
                image.map(.permanent, to: permanent), image.map(.objects, to: objects), image.map(.tables, to: tables),
                image.map(.chunks, to: chunks)
            else { return nil }
            imageObjects = consume objects
            imageTables = consume tables
            imageWrites = consume writes
        } else {
            imageObjects = nil
            imageTables = nil
            imageWrites = nil
        }
        self.region = region
        self.image = image
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
                emptyString: objects.string, builtins: BuiltinTable.codes.base,
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
        if let image { continueFrom(image) }
    }

    /// Makes the state that of a machine whose heap is that of an image.
    private func continueFrom(_ image: HeapImage) {
        let permanentBytes = image.bytes(.permanent).count
        state.pointee.heap.permanentTop = state.pointee.heap.permanent + permanentBytes
        state.pointee.heap.permanentImageBytes = permanentBytes
        placeOwnChunks()
        let names = image.elements(.symbols, image.catalogue.numbers.symbols, of: ImageSymbol.self)
        symbols.pointee = SymbolTable(names)
        guard let objects = imageObjects?.start, let writes = imageWrites?.start else { return }
        state.pointee.heap.imageObjects = objects
        state.pointee.heap.imageBytes = image.bytes(.objects).count
        state.pointee.imageWrites = ImageWrites(
            writes, base: UInt(bitPattern: objects), imageBytes: state.pointee.heap.imageBytes)
    }

    /// Makes the machine's own chunks refer to code and tables of this process.
    private func placeOwnChunks() {
        state.pointee.chunks[0].code = UnsafePointer(returnCode.base)
        for index in 0..<ImageWriter.firstProgramChunk {
            state.pointee.chunks[index].tables = UnsafePointer(tables.base)
        }
    }

    /// The end of the image's objects, with room for `byteCount` more; nil if the system does not grant that. Without an
    /// image, the room is where the objects of one are.
    func openImageObjects(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        if imageObjects == nil, let region {
            imageObjects = AddressRange(byteCount: max(byteCount, 8), at: region.objects)
            if let start = imageObjects?.start { state.pointee.heap.imageObjects = start }
        }
        guard let start = imageObjects?.start, let size = imageObjects?.byteCount else { return nil }
        let used = state.pointee.heap.imageBytes
        return used + byteCount <= size ? start + used : nil
    }

    /// Drops what was written to the image's pages.
    func discardImageWrites() {
        guard image != nil else { return }
        imageObjects?.discard()
        imageTables?.discard()
        imageWrites?.discard()
        permanent.discard()
        chunks.discard()
        placeOwnChunks()
    }
}
