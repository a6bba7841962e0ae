import NixBytecode

/// A program that is loaded into a machine, with its tables translated to the machine's symbols and values. It grows if
/// its code is generated on demand.
final class LoadedProgram {
    /// The parts of the program that are needed while it runs: formals and chunks. Names, constants and shapes are only
    /// in the tables.
    var program: Program
    let origin: ProgramOrigin
    /// The number of the program in the machine.
    let number: Int
    /// The number that is added to a chunk number in code. It is the machine's index of the first chunk, or 0 if the
    /// code already contains the machine's indices.
    let firstChunk: Int
    let tables: UnsafeMutablePointer<ProgramTables>
    /// Which chunks have their code from the image; nil unless the tables lie in one.
    private let imageCode: ImageCode?
    /// Whether the tables lie in an image.
    var isOfImage: Bool { imageCode != nil }
    /// The machine's symbol for each symbol of the program.
    var symbols: GrowingTable<UInt32>
    var constants: GrowingTable<Value>
    var shapes: GrowingTable<LoadedShape>
    var formals: GrowingTable<LoadedFormals>
    /// The machine's index of each chunk, by the chunk's index in the program. It is empty if chunks are reserved, as
    /// the indices then follow from `firstChunk`.
    private var machineIndices: [UInt32] = []
    /// What is known of each chunk, by its index in the program: 0 if nothing has referred to it yet, 1 if it is announced,
    /// and otherwise its index in `program.chunks` plus 2. Of a generated thunk without code nothing is known. `hasCode` is
    /// added for a chunk of a linked program whose code is loaded.
    var descriptions: GrowingTable<UInt32>
    private static let hasCode: UInt32 = 1 << 31
    /// The size of each chunk's code in bytes, parallel to `program.chunks`. The code itself is in a block.
    private var codeSizes: [Int] = []
    private var blocks: [UnsafeMutableRawPointer] = []
    /// The free bytes of the last block. The size of new blocks grows with the program.
    private var blockRoom = 0
    private var blockSize = 64
    private var nextBlock: UnsafeMutableRawPointer?
    /// Bytes of descriptions that were decoded and that no limit has counted yet.
    private var uncountedBytes = 0
    /// Why a part could not be added. The tables are incomplete then.
    var failure: EvalFailure?
    /// The free bytes of the last block for code.
    private var codeRoom = 0
    private var nextCode: UnsafeMutablePointer<UInt8>?

    /// The approximate number of bytes that a program takes besides its tables.
    static let outOfLineBytes = 1024

    /// - Parameters:
    ///   - origin: Where the program comes from.
    ///   - number: The number of the program in the machine.
    ///   - nextChunk: The machine's index of the next chunk.
    init(_ origin: ProgramOrigin, number: Int, nextChunk: Int) {
        self.origin = origin
        self.number = number
        firstChunk = origin.hasReservedChunks ? nextChunk : 0
        imageCode = nil
        let sizes = origin.sizes
        let unknown = Formals(formals: [], hasEllipsis: false)
        program = Program(
            symbols: [], constants: [], shapes: [],
            formals: origin.hasReservedChunks && origin.linked == nil
                ? Array(repeating: unknown, count: sizes.formals) : [],
            chunks: [], lines: nil)
        symbols = GrowingTable(capacity: sizes.symbols)
        constants = GrowingTable(capacity: sizes.constants)
        shapes = GrowingTable(capacity: sizes.shapes)
        formals = GrowingTable(capacity: sizes.formals)
        descriptions = GrowingTable(capacity: sizes.chunks)
        tables = .allocate(capacity: 1)
        tables.initialize(
            to: ProgramTables(
                constants: UnsafePointer(constants.base), symbols: UnsafePointer(symbols.base),
                shapes: UnsafePointer(shapes.base), formals: UnsafePointer(formals.base), firstChunk: firstChunk,
                program: number))
    }

    /// Sets up a program of an image, whose tables lie there.
    ///
    /// - Parameter code: Which chunks of the image have code.
    init(image: HeapImage, code: ImageCode, number: Int) {
        let record = image.catalogue.programs[number]
        let origin = image.origin(ofProgram: record)
        self.origin = origin
        self.number = number
        firstChunk = record.firstChunk
        imageCode = code
        program = Program(symbols: [], constants: [], shapes: [], formals: [], chunks: [], lines: nil)
        tables = UnsafeMutablePointer(bitPattern: record.tables).unsafelyUnwrapped
        symbols = GrowingTable(borrowing: tables.pointee.symbols, count: origin.sizes.symbols)
        constants = GrowingTable(borrowing: tables.pointee.constants, count: origin.sizes.constants)
        shapes = GrowingTable(borrowing: tables.pointee.shapes, count: origin.sizes.shapes)
        formals = GrowingTable(borrowing: tables.pointee.formals, count: origin.sizes.formals)
        descriptions = GrowingTable(capacity: origin.sizes.chunks)
    }

    /// Makes the tables' current addresses visible to the code.
    func publish() {
        tables.pointee.constants = UnsafePointer(constants.base)
        tables.pointee.symbols = UnsafePointer(symbols.base)
        tables.pointee.shapes = UnsafePointer(shapes.base)
        tables.pointee.formals = UnsafePointer(formals.base)
    }

    deinit {
        for block in blocks { block.deallocate() }
        if !isOfImage { tables.deallocate() }
    }

    /// Finds the line and column of a position in the source, or is nil if they are not known. It is made on demand,
    /// because few programs need it.
    private(set) lazy var location = origin.lines()

    /// The machine's index of a chunk.
    func machineIndex(of chunkIndex: Int) -> Int {
        origin.hasReservedChunks ? firstChunk + chunkIndex : Int(machineIndices[chunkIndex])
    }

    /// Gives the next chunk of the program its index in the machine, unless chunks are reserved.
    func add(machineIndex: Int) { machineIndices.append(UInt32(truncatingIfNeeded: machineIndex)) }

    /// Notes that code refers to a chunk of a linked program; false if that is known already.
    func announce(_ chunkIndex: Int) -> Bool {
        guard descriptions.base[chunkIndex] == 0 else { return false }
        descriptions.set(chunkIndex, 1)
        return true
    }

    /// The bytes that adding formals allocates, besides those that they refer to.
    func formalsGrowth(for index: Int) -> Int {
        formals.growth(for: index) + (index < program.formals.count ? 0 : 2 * MemoryLayout<Formals>.stride)
    }

    /// Keeps formals, whose names and defaults messages and builtins read.
    func keep(_ formals: Formals, at index: Int) {
        if index < program.formals.count { program.formals[index] = formals } else { program.formals.append(formals) }
    }

    /// What is known of a chunk, without its code.
    func chunk(_ chunkIndex: Int) -> Chunk {
        describeLinked(chunkIndex)
        let number = description(chunkIndex)
        return number > 1 ? program.chunks[number - 2] : Self.unknown
    }

    /// The index of a chunk's formals, or nil if it has none.
    func formalsIndex(ofChunk chunkIndex: Int) -> Int? {
        guard let linked = origin.linked else { return chunk(chunkIndex).formals.map(Int.init) }
        return LinkedChunk(linked.chunkEntry(chunkIndex)).formals
    }

    /// The formals with an index, as the source has them.
    func formals(at index: Int) -> Formals { origin.linked?.formals(index) ?? program.formals[index] }

    /// Decodes what is known of a chunk of a linked program.
    private func describeLinked(_ chunkIndex: Int) {
        guard let linked = origin.linked, description(chunkIndex) < 2 else { return }
        let chunk = linked.chunk(chunkIndex)
        uncountedBytes += 2 * (MemoryLayout<Chunk>.stride + MemoryLayout<Int>.stride) + chunk.descriptionBytes
        describe(chunkIndex, chunk)
    }

    /// The bytes of decoded descriptions since the last call.
    func takeUncountedBytes() -> Int {
        defer { uncountedBytes = 0 }
        return uncountedBytes
    }

    private static let unknown = Chunk(
        kind: .thunk, arity: 0, upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil,
        spans: [], code: [], maximumStack: 0, instructionSpans: [])

    /// An element of `descriptions` without `hasCode`.
    private func description(_ chunkIndex: Int) -> Int { Int(descriptions.base[chunkIndex] & ~Self.hasCode) }

    /// Notes that the code of a chunk of a linked program is loaded.
    func noteCode(_ chunkIndex: Int) { descriptions.set(chunkIndex, descriptions.base[chunkIndex] | Self.hasCode) }

    /// The size of a chunk's code in bytes; 0 if the code is not loaded.
    func codeSize(_ chunkIndex: Int) -> Int {
        if let linked = origin.linked {
            let isLoaded =
                descriptions.base[chunkIndex] & Self.hasCode != 0 || imageCode?.hasCode(firstChunk + chunkIndex) == true
            return isLoaded ? LinkedChunk(linked.chunkEntry(chunkIndex)).code.count : 0
        }
        let number = description(chunkIndex)
        return number > 1 ? codeSizes[number - 2] : 0
    }

    /// Records what is known of a chunk, except its code.
    func describe(_ chunkIndex: Int, _ chunk: Chunk) {
        var kept = chunk
        kept.code = []
        let number = description(chunkIndex)
        if number > 1 {
            program.chunks[number - 2] = kept
            codeSizes[number - 2] = chunk.code.count
        } else {
            program.chunks.append(kept)
            codeSizes.append(chunk.code.count)
            let code = descriptions.base[chunkIndex] & Self.hasCode
            descriptions.set(chunkIndex, UInt32(truncatingIfNeeded: program.chunks.count + 1) | code)
        }
    }

    /// The most bytes that `block` allocates for `count` elements.
    static func blockBytes<Element>(_ count: Int, of type: Element.Type) -> Int {
        // A block that small requests share may waste up to a quarter at its end.
        let size = (max(1, count) * MemoryLayout<Element>.stride + 7) & ~7
        return size + min(size, 1 << 13)
    }

    /// Memory that lives as long as the program. Small requests share a block.
    func block<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
        let size = (max(1, count) * MemoryLayout<Element>.stride + 7) & ~7
        if size > blockRoom {
            blockSize = min(blockSize * 2, 1 << 15)
            blockRoom = max(size, blockSize)
            let block = UnsafeMutableRawPointer.allocate(byteCount: blockRoom, alignment: 8)
            blocks.append(block)
            nextBlock = block
        }
        let target = nextBlock.unsafelyUnwrapped
        nextBlock = target + size
        blockRoom -= size
        return target.bindMemory(to: Element.self, capacity: max(1, count))
    }

    /// The bytes that `copy` allocates from the system.
    func codeGrowth(_ count: Int, of total: Int) -> Int {
        nextCode == nil || count + Self.codeSlack > codeRoom ? max(total + Self.codeSlack, 1024) : 0
    }

    /// Decoding may read a few bytes beyond the end of a chunk.
    private static let codeSlack = 16

    /// A copy of code that lives as long as the program.
    ///
    /// - Parameter total: The bytes of all code that is copied together, so that one block holds it.
    func copy(code: [UInt8], of total: Int) -> UnsafePointer<UInt8> {
        if nextCode == nil || code.count + Self.codeSlack > codeRoom {
            codeRoom = max(total + Self.codeSlack, 1024)
            let room = UnsafeMutablePointer<UInt8>.allocate(capacity: codeRoom)
            blocks.append(UnsafeMutableRawPointer(room))
            nextCode = room
        }
        guard let target = nextCode else { return UnsafePointer(block(0, of: UInt8.self)) }
        code.withUnsafeBufferPointer { bytes in
            if let base = bytes.baseAddress { target.update(from: base, count: bytes.count) }
        }
        nextCode = target + code.count
        codeRoom -= code.count
        return UnsafePointer(target)
    }
}
