import NixBytecode

/// Gives line and column of a byte of a source, both from 1; the column counts bytes.
public typealias LineFinder = (UInt32) -> (line: Int, column: Int)

/// A program in a machine: what it refers to, made the machine's own. It grows when its code is made as it is run.
final class LoadedProgram {
    /// What of the program is asked for while it runs: patterns and chunks. Names, constants and shapes are in
    /// the tables only.
    var program: Program
    /// What positions call it: a path, `«string»`, `«stdin»`.
    let sourceName: String
    /// What its relative paths start from.
    let directory: [UInt8]
    /// What is added to a chunk number in code: the machine's index of the first chunk, or 0 where numbers are given
    /// out by the machine.
    let firstChunk: Int
    let tables: UnsafeMutablePointer<ProgramTables>
    /// The machine's symbol for each of the program's.
    var symbols: GrowingTable<UInt32>
    var constants: GrowingTable<Value>
    var shapes: GrowingTable<LoadedShape>
    var formals: GrowingTable<LoadedFormals>
    /// By chunk index, which is a chunk's place among all of the program: the machine's index, where that does not follow from
    /// `firstChunk`.
    var places: [UInt32] = []
    /// By chunk index: index in `program.chunks` plus one; 0 for a thunk without code, of which there is nothing to say.
    var descriptions: GrowingTable<UInt32>
    /// Parallel to `program.chunks`, which have no code: it lies in a block.
    private var codeSizes: [Int] = []
    private var blocks: [UnsafeMutableRawPointer] = []
    /// What is left of the last of them, whose size grows with the program.
    private var blockRoom = 0
    private var blockSize = 64
    private var nextBlock: UnsafeMutableRawPointer?
    /// Why a part could not be added. The tables are not whole then.
    var failure: EvalFailure?
    /// Code that is left of the last block for code.
    private var codeRoom = 0
    private var nextCode: UnsafeMutablePointer<UInt8>?

    /// What a program takes beside its tables, about.
    static let outOfLineBytes = 1024

    /// - Parameters:
    ///   - sizes: what the tables are made large enough for.
    ///   - lines: what finds the lines of the source, asked for once.
    ///   - spans: of a chunk's instructions, asked for where the chunk came without.
    init(
        _ sizes: ProgramSizes, lines: @escaping () -> LineFinder?, spans: ((Int) -> [InstructionSpan])? = nil,
        number: Int, sourceName: String, directory: [UInt8], firstChunk: Int
    ) {
        program = Program(symbols: [], constants: [], shapes: [], formals: [], chunks: [], lines: nil)
        makeLines = lines
        makeSpans = spans
        self.sourceName = sourceName
        self.directory = directory
        self.firstChunk = firstChunk
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

    /// Makes the tables as long as they will ever be: their entries are set before they are read.
    func reserveEntries(_ sizes: ProgramSizes) {
        symbols.reserve(sizes.symbols)
        constants.reserve(sizes.constants)
        shapes.reserve(sizes.shapes)
        formals.reserve(sizes.formals)
        descriptions.reserve(sizes.chunks)
        for chunkIndex in 0..<sizes.chunks { descriptions.set(chunkIndex, 0) }
        publish()
        program.formals = Array(repeating: Formals(formals: [], hasEllipsis: false), count: sizes.formals)
    }

    /// Gives the tables' addresses to the code.
    func publish() {
        tables.pointee.constants = UnsafePointer(constants.base)
        tables.pointee.symbols = UnsafePointer(symbols.base)
        tables.pointee.shapes = UnsafePointer(shapes.base)
        tables.pointee.formals = UnsafePointer(formals.base)
    }

    deinit {
        for block in blocks { block.deallocate() }
        tables.deallocate()
    }

    /// Line and column of a place in the source; nil when that is not known. Few programs are asked for it.
    private(set) lazy var location = makeLines()
    private let makeLines: () -> LineFinder?
    private let makeSpans: ((Int) -> [InstructionSpan])?

    /// The machine's index of a chunk.
    func place(of chunkIndex: Int) -> Int {
        chunkIndex < places.count ? Int(places[chunkIndex]) : firstChunk + chunkIndex
    }

    /// What is known of a chunk, without its code. Of a thunk without code that is nothing.
    func chunk(_ chunkIndex: Int) -> Chunk {
        let number = Int(descriptions.base[chunkIndex])
        return number > 0 ? program.chunks[number - 1] : Self.unknown
    }

    /// The same with the spans of its instructions.
    func chunkWithSpans(_ chunkIndex: Int) -> Chunk {
        let number = Int(descriptions.base[chunkIndex])
        guard number > 0 else { return Self.unknown }
        if let makeSpans, program.chunks[number - 1].instructionSpans.isEmpty {
            program.chunks[number - 1].instructionSpans = makeSpans(chunkIndex)
        }
        return program.chunks[number - 1]
    }

    private static let unknown = Chunk(
        kind: .thunk, arity: 0, upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil,
        spans: [], code: [], maximumStack: 0, instructionSpans: [])

    /// Bytes of a chunk's code.
    func codeSize(_ chunkIndex: Int) -> Int {
        let number = Int(descriptions.base[chunkIndex])
        return number > 0 ? codeSizes[number - 1] : 0
    }

    /// Keeps what is known of a chunk.
    func describe(_ chunkIndex: Int, _ chunk: Chunk) {
        var kept = chunk
        kept.code = []
        let number = Int(descriptions.base[chunkIndex])
        if number > 0 {
            program.chunks[number - 1] = kept
            codeSizes[number - 1] = chunk.code.count
        } else {
            program.chunks.append(kept)
            codeSizes.append(chunk.code.count)
            descriptions.set(chunkIndex, UInt32(truncatingIfNeeded: program.chunks.count))
        }
    }

    /// Bytes that `block` takes for so many.
    static func blockBytes<Element>(_ count: Int, of type: Element.Type) -> Int {
        // Of a block for small ones a quarter may be left over at its end.
        let size = (max(1, count) * MemoryLayout<Element>.stride + 7) & ~7
        return size + min(size, 1 << 13)
    }

    /// A block that lives as long as the program. Small ones lie together.
    func block<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
        let size = (max(1, count) * MemoryLayout<Element>.stride + 7) & ~7
        if size > blockRoom {
            blockSize = min(blockSize * 2, 1 << 15)
            blockRoom = max(size, blockSize)
            let block = UnsafeMutableRawPointer.allocate(byteCount: blockRoom, alignment: 8)
            blocks.append(block)
            nextBlock = block
        }
        let place = nextBlock.unsafelyUnwrapped
        nextBlock = place + size
        blockRoom -= size
        return place.bindMemory(to: Element.self, capacity: max(1, count))
    }

    /// Bytes that `copy` takes from the system.
    func codeGrowth(_ count: Int, of total: Int) -> Int {
        nextCode == nil || count + Self.codeSlack > codeRoom ? max(total + Self.codeSlack, 1024) : 0
    }

    /// A reader may look a few bytes past the end of a chunk.
    private static let codeSlack = 16

    /// A copy of code that lives as long as the program.
    ///
    /// - Parameter total: bytes of all code that is being copied, so that it lies together.
    func copy(code: [UInt8], of total: Int) -> UnsafePointer<UInt8> {
        if nextCode == nil || code.count + Self.codeSlack > codeRoom {
            codeRoom = max(total + Self.codeSlack, 1024)
            let room = UnsafeMutablePointer<UInt8>.allocate(capacity: codeRoom)
            blocks.append(UnsafeMutableRawPointer(room))
            nextCode = room
        }
        guard let place = nextCode else { return UnsafePointer(block(0, of: UInt8.self)) }
        code.withUnsafeBufferPointer { bytes in
            if let base = bytes.baseAddress { place.update(from: base, count: bytes.count) }
        }
        nextCode = place + code.count
        codeRoom -= code.count
        return UnsafePointer(place)
    }
}
