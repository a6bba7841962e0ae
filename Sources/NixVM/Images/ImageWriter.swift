import NixBytecode
import NixStore
import Platform

/// Writes the heap of a machine that has evaluated something to a file, from which other machines continue.
///
/// Everything alive is copied to the place that it will have. After that the machine can evaluate nothing more.
struct ImageWriter: ~Copyable {
    let machine: Machine
    let sources: (_ program: Int) -> ImageProgramSource?
    var tables: ImageTables
    var catalogue = ImageCatalogue()
    var chunks: [LoadedChunk] = []
    /// Where each program's code lay, and the address that it gets.
    var linkedPrograms: [(bytes: UnsafeRawBufferPointer, address: UInt)] = []
    /// The addresses of the programs' tables, by program.
    var tableAddresses: [UInt] = []
    /// The address of the step of chunks without code.
    var stub: UInt = 0
    private var symbols: [ImageSymbol] = []
    private let region: ImageRegion

    var interpreter: Interpreter { machine.interpreter }
    var state: UnsafeMutablePointer<MachineState> { machine.state }

    /// - Parameters:
    ///   - machine: A machine that was made for an image's region and is not evaluating.
    ///   - sources: What the host knows of each program.
    init(_ machine: Machine, sources: @escaping (_ program: Int) -> ImageProgramSource?) throws(ImageError) {
        guard let region = machine.region else { throw .noRoom }
        self.machine = machine
        self.region = region
        self.sources = sources
        tables = ImageTables(base: region.tables)
    }

    /// Writes the image to a file, which is replaced as a whole.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - identity: The digest of what the image was made from.
    ///   - handles: The values that the host wants back, in this order.
    ///   - host: What the host keeps with the image.
    /// - Returns: The size and the identity of the file.
    mutating func write(
        to path: String, identity: [UInt8], handles: [ValueHandle], host: [UInt8]
    ) throws(ImageError) -> WrittenImage {
        catalogue.handles = handles.map(\.root)
        machine.releaseHandles(besides: handles)
        try addTables()
        try addPrograms()
        addFailures()
        addSymbols()
        guard machine.moveToImage() else {
            throw .unsupported("the evaluation was stopped, or memory does not suffice")
        }
        addNumbers()
        let heap = state.pointee.heap
        guard heap.permanentBytes <= ImageRegion.permanentBytes, tables.count <= ImageRegion.tableBytes else {
            throw .noRoom
        }
        var file = try ImageFileWriter(path)
        try file.add(.permanent, UnsafeRawBufferPointer(start: heap.permanent, count: heap.permanentBytes))
        try file.add(.objects, UnsafeRawBufferPointer(start: heap.imageObjects, count: heap.imageBytes))
        try file.add(.tables, tables.bytes)
        try file.add(.chunks, chunks)
        try file.add(.roots, Array(UnsafeBufferPointer(start: state.pointee.roots, count: state.pointee.rootCount)))
        try file.add(.symbols, symbols)
        try file.add(.positions, machine.attributePositions.all)
        try file.add(.derivations, machine.store.derivations.storedEntries)
        try file.add(.derivationTexts, machine.store.derivations.storedTexts)
        try file.add(.catalogue, catalogue.encoded)
        try file.add(.host, host)
        return try file.finish(region, identity: identity)
    }

    private mutating func addNumbers() {
        let state = state.pointee
        catalogue.numbers = ImageCatalogue.Numbers(
            chunks: state.chunkCount, largestFrame: state.largestFrame, applyOneChunk: state.applyOneChunk,
            applyTwoChunk: state.applyTwoChunk, applyMappedChunk: state.applyMappedChunk, roots: state.rootCount,
            symbols: state.symbols.count, positions: machine.attributePositions.count, stub: stub)
    }

    /// Adds what is in tables of Swift. Their order in memory differs from run to run, so everything is sorted.
    private mutating func addTables() throws(ImageError) {
        catalogue.globals = Self.sorted(machine.globals.map { ($0.key, $0.value.bits) })
        catalogue.imports = Self.sorted(machine.importRoots.map { ($0.key.bytes, UInt64($0.value)) })
        let store = machine.store
        store.elements.forEach { catalogue.contexts.append(($0, $1)) }
        catalogue.contexts.sort { $0.element < $1.element }
        store.copiedPaths.forEach { catalogue.copiedPaths.append(($0, $1)) }
        catalogue.copiedPaths.sort { $0.path < $1.path }
        for (path, object) in machine.io.objects { catalogue.objects.append(try ImageObject(path, object)) }
        guard machine.fetchIO === machine.io, machine.builtOutputs.isEmpty else {
            throw .unsupported("the evaluation fetched or built something")
        }
    }

    /// Adds the failures of thunks. Their notes refer to instructions, which have other addresses in the image.
    private mutating func addFailures() {
        let index = CodeIndex(machine)
        let chunks = chunks
        catalogue.failures = machine.caughtFailures.kept { site in
            guard TailSites.functorPosition(site) == nil, let (chunk, offset) = index.chunk(holding: site) else {
                return UInt(bitPattern: site)
            }
            return UInt(bitPattern: chunks[chunk].code) + UInt(offset)
        }
    }

    private static func sorted(_ entries: [(name: [UInt8], bits: UInt64)]) -> [ImageCatalogue.Named] {
        entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
            .map { ImageCatalogue.Named(name: $0.name, bits: $0.bits) }
    }

    private mutating func addSymbols() {
        for symbol in 0..<UInt32(state.pointee.symbols.count) {
            let bytes = state.pointee.symbols.bytes(symbol)
            let address = tables.reserve(bytes.count, alignment: 1)
            if let base = bytes.baseAddress { tables.copy(base, bytes.count, to: address) }
            symbols.append(
                ImageSymbol(
                    bytes: address, length: bytes.count, string: state.pointee.symbols.string(symbol).bits))
        }
    }
}

/// An image that was written.
public struct WrittenImage: Sendable {
    /// The size of the file in bytes.
    public var byteCount: Int
    public var file: FileIdentity
}

extension Machine {
    /// Writes everything alive to an image, after which this machine can evaluate nothing more.
    ///
    /// - Parameters:
    ///   - path: The file, which is replaced as a whole.
    ///   - identity: A digest of 32 bytes of all that the evaluation depended on.
    ///   - handles: The values that the host wants back (`imageHandles`), in this order.
    ///   - host: What the host wants to keep with the image.
    ///   - sources: What the host knows of each program.
    /// - Throws: Why no image can be made, or written.
    package func writeImage(
        to path: String, identity: [UInt8], handles: [ValueHandle], host: [UInt8],
        sources: @escaping (_ program: Int) -> ImageProgramSource?
    ) throws(ImageError) -> WrittenImage {
        defer { abandonHeap() }
        var writer = try ImageWriter(self, sources: sources)
        return try writer.write(to: path, identity: identity, handles: handles, host: host)
    }

    /// Copies everything alive behind the objects of the image, if there is one, and to the start of the image's objects
    /// otherwise. The result is false if the evaluation was stopped, or the objects do not fit.
    fileprivate func moveToImage() -> Bool {
        let heap = state.pointee.heap
        let most = heap.oldBytes + (state.pointee.registers.hp - state.pointee.nurseryStart)
        guard let top = openImageObjects(most) else { return false }
        caughtFailures.beginCollection()
        state.pointee.registers.sp = state.pointee.stackBase
        state.pointee.registers.fp = state.pointee.framesBase
        state.pointee.registers.env = state.pointee.machineEnv
        state.pointee.result = .null
        state.pointee.pending = .null
        state.pointee.unionToFlatten = .null
        state.pointee.remembered.forgetAll()
        var collector = Collector(
            from: heap.objects, extent: 2 * heap.spaceSize, free: top, failures: caughtFailures, stop: stop)
        collector.visit(state.pointee.roots, count: state.pointee.rootCount)
        interpreter.moveImageWrites(&collector)
        collector.scan(from: top)
        state.pointee.heap.imageBytes = collector.free - state.pointee.heap.imageObjects
        return !collector.isAbandoned
    }
}
