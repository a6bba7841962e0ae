/// Collects what a program consists of. Equal calls in equal order give equal programs: tables are in the order of
/// first use, and nothing depends on the order of a hash table.
public struct ProgramBuilder: Sendable {
    private var symbols: [[UInt8]] = []
    private var constants: [Constant] = []
    private var shapes: [Shape] = []
    private var formals: [Formals] = []
    private var chunks: [Chunk?] = []
    private var symbolIndices = ContentIndex()
    private var constantIndices = ContentIndex()
    private var shapeIndices = ContentIndex()

    /// Bytes that entries have beside their places in the tables.
    private var entryBytes = 0

    /// How many entries of each table went with parts.
    private var taken = (symbols: 0, constants: 0, shapes: 0, formals: 0)

    public init() {}

    /// Bytes of all that was collected, and what the tables will take with so many more entries in each.
    public func byteCount(adding more: Int) -> Int {
        entryBytes + symbols.byteCount(adding: more) + constants.byteCount(adding: more)
            + shapes.byteCount(adding: more) + formals.byteCount(adding: more) + chunks.byteCount(adding: more)
            + symbolIndices.byteCount + constantIndices.byteCount + shapeIndices.byteCount
    }

    /// Index of a name, which is added if it is new.
    public mutating func symbol(_ name: [UInt8]) throws(BuilderError) -> UInt32 {
        let hash = ContentIndex.hash(name)
        if let index = symbolIndices.find(hash, where: { symbols[Int($0) - taken.symbols] == name }) { return index }
        let index = try Self.index(taken.symbols + symbols.count, "names")
        symbols.append(name)
        entryBytes += arrayBytes + name.count
        symbolIndices.insert(index, hash)
        return index
    }

    /// Adds a name that the caller knows to be new. A builder takes all its names this way or none.
    public mutating func addSymbol(_ name: [UInt8]) throws(BuilderError) -> UInt32 {
        let index = try Self.index(taken.symbols + symbols.count, "names")
        symbols.append(name)
        entryBytes += arrayBytes + name.count
        return index
    }

    /// Index of a name given as text.
    public mutating func symbol(_ name: String) throws(BuilderError) -> UInt32 { try symbol(Array(name.utf8)) }

    /// The name of a symbol of this builder; nil for any other number.
    public func name(of symbol: UInt32) -> [UInt8]? {
        let index = Int(symbol) - taken.symbols
        return symbols.indices.contains(index) ? symbols[index] : nil
    }

    /// Index of a constant, which is added if it is new.
    public mutating func constant(_ constant: Constant) throws(BuilderError) -> UInt32 {
        let hash = ContentIndex.hash(constant)
        if let index = constantIndices.find(hash, where: { constants[Int($0) - taken.constants] == constant }) {
            return index
        }
        let index = try Self.index(taken.constants + constants.count, "constants")
        constants.append(constant)
        entryBytes += constant.ownBytes
        constantIndices.insert(index, hash)
        return index
    }

    /// Index of a shape, which is added if it is new.
    public mutating func shape(_ shape: Shape) throws(BuilderError) -> UInt32 {
        let hash = ContentIndex.hash(shape)
        if let index = shapeIndices.find(hash, where: { shapes[Int($0) - taken.shapes] == shape }) { return index }
        let index = try Self.index(taken.shapes + shapes.count, "attribute sets")
        shapes.append(shape)
        entryBytes += shape.ownBytes
        shapeIndices.insert(index, hash)
        return index
    }

    /// Adds the formals of one function. They are never shared: each belongs to one chunk.
    public mutating func addFormals(_ new: Formals) throws(BuilderError) -> UInt32 {
        let index = try Self.index(taken.formals + formals.count, "function patterns")
        formals.append(new)
        entryBytes += new.ownBytes
        return index
    }

    /// Takes the next chunk index. Reserve a chunk's before those of the chunks it refers to: children have higher
    /// indices than their parent. The first is the top level's.
    public mutating func reserveChunk() throws(BuilderError) -> UInt32 {
        let index = try Self.index(chunks.count, "functions and thunks")
        chunks.append(nil)
        return index
    }

    /// Gives a reserved index its chunk, once.
    public mutating func setChunk(_ index: UInt32, _ chunk: Chunk) throws(BuilderError) {
        guard index < chunks.count, chunks[Int(index)] == nil else { throw .chunk(index) }
        chunks[Int(index)] = chunk
        entryBytes += chunk.ownBytes
    }

    /// The program.
    ///
    /// - Parameter lines: the lines of the source; nil gives a program without spans.
    /// - Throws: when a reserved chunk was not set, or none was.
    public func finish(lines: LineTable?) throws(BuilderError) -> Program {
        var finished: [Chunk] = []
        finished.reserveCapacity(chunks.count)
        for chunk in chunks {
            guard let chunk else { throw .chunk(UInt32(finished.count)) }
            finished.append(chunk)
        }
        guard !finished.isEmpty else { throw .chunk(0) }
        let program = Program(
            symbols: symbols, constants: constants, shapes: shapes, formals: formals, chunks: finished, lines: lines)
        return lines == nil ? program.stripped() : program
    }

    /// Takes what was added since the last part, of a program that is made piece by piece. Indices go on from there, but
    /// nothing is remembered: a constant of an earlier part is added again.
    public mutating func takePart(
        firstChunk: UInt32, newChunks: [ChunkOutline], functions: [ProgramPart.Code], code: [ProgramPart.Code]
    ) -> ProgramPart {
        let part = ProgramPart(
            symbols: symbols, constants: constants, shapes: shapes, formals: formals, firstChunk: firstChunk,
            newChunks: newChunks, functions: functions, code: code)
        taken.symbols += symbols.count
        taken.constants += constants.count
        taken.shapes += shapes.count
        taken.formals += formals.count
        entryBytes = 0
        symbols = []
        constants = []
        shapes = []
        formals = []
        symbolIndices = ContentIndex()
        constantIndices = ContentIndex()
        shapeIndices = ContentIndex()
        return part
    }

    private static func index(_ count: Int, _ what: String) throws(BuilderError) -> UInt32 {
        guard count < ProgramLimits.entries else {
            throw .limitExceeded(what: "\(what) in one source", limit: ProgramLimits.entries)
        }
        return UInt32(count)
    }
}
