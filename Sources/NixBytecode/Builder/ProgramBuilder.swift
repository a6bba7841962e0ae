import ByteCounting

/// Collects the tables of a program. Equal calls in equal order give equal programs: the tables are in the order of
/// first use, and never depend on the order of a hash table.
public struct ProgramBuilder: Sendable {
    private var symbols: [ProgramPart.Entry<ArraySlice<UInt8>>] = []
    private var constants: [ProgramPart.Entry<Constant>] = []
    private var shapes: [ProgramPart.Entry<Shape>] = []
    private var formals: [ProgramPart.Entry<Formals>] = []
    private var chunks: [Chunk?] = []
    private var symbolIndices = ContentIndex()
    private var constantIndices = ContentIndex()
    private var shapeIndices = ContentIndex()

    /// Bytes of the entries besides the elements of the tables.
    private var entryBytes = 0

    /// The number of entries of each table that were moved to parts.
    private var taken = (symbols: 0, constants: 0, shapes: 0, formals: 0, chunks: 0)

    public init() {}

    /// Bytes of everything collected, while `more` entries are added to each table, see `Array.byteCount(adding:)`.
    public func byteCount(adding more: Int) -> Int {
        entryBytes + symbols.byteCount(adding: more) + constants.byteCount(adding: more)
            + shapes.byteCount(adding: more) + formals.byteCount(adding: more) + chunks.byteCount(adding: more)
            + symbolIndices.byteCount + constantIndices.byteCount + shapeIndices.byteCount
    }

    /// The index of a name, which is added if it is new.
    public mutating func symbol(_ name: [UInt8]) throws(BuilderError) -> UInt32 {
        let hash = ContentIndex.hash(name)
        if let index = symbolIndices.find(hash, where: { symbols[Int($0) - taken.symbols].element == name[...] }) {
            return index
        }
        let index = try Self.index(taken.symbols + symbols.count, "names")
        symbols.append(ProgramPart.Entry(name[...], at: Int(index)))
        entryBytes += arrayBytes + name.count
        symbolIndices.insert(index, hash)
        return index
    }

    /// Adds a name that the caller knows to be new. A builder adds either all of its names this way or none.
    public mutating func addSymbol(_ name: ArraySlice<UInt8>) throws(BuilderError) -> UInt32 {
        let index = try Self.index(taken.symbols + symbols.count, "names")
        symbols.append(ProgramPart.Entry(name, at: Int(index)))
        entryBytes += arrayBytes + name.count
        return index
    }

    /// The index of a name given as text, which is added if it is new.
    public mutating func symbol(_ name: String) throws(BuilderError) -> UInt32 { try symbol(Array(name.utf8)) }

    /// The name with an index in this builder; nil if there is none.
    public func name(of symbol: UInt32) -> [UInt8]? {
        let index = Int(symbol) - taken.symbols
        return symbols.indices.contains(index) ? Array(symbols[index].element) : nil
    }

    /// The index of a constant, which is added if it is new.
    public mutating func constant(_ constant: Constant) throws(BuilderError) -> UInt32 {
        let hash = ContentIndex.hash(constant)
        if let index = constantIndices.find(hash, where: { constants[Int($0) - taken.constants].element == constant }) {
            return index
        }
        let index = try Self.index(taken.constants + constants.count, "constants")
        constants.append(ProgramPart.Entry(constant, at: Int(index)))
        entryBytes += constant.outOfLineBytes
        constantIndices.insert(index, hash)
        return index
    }

    /// The index of a shape, which is added if it is new.
    public mutating func shape(_ shape: Shape) throws(BuilderError) -> UInt32 {
        let hash = ContentIndex.hash(shape)
        if let index = shapeIndices.find(hash, where: { shapes[Int($0) - taken.shapes].element == shape }) {
            return index
        }
        let index = try Self.index(taken.shapes + shapes.count, "attribute sets")
        shapes.append(ProgramPart.Entry(shape, at: Int(index)))
        entryBytes += shape.outOfLineBytes
        shapeIndices.insert(index, hash)
        return index
    }

    /// Adds the formals of one function. Formals are never shared, because each belongs to one chunk.
    public mutating func addFormals(_ new: Formals) throws(BuilderError) -> UInt32 {
        let index = try Self.index(taken.formals + formals.count, "function patterns")
        formals.append(ProgramPart.Entry(new, at: Int(index)))
        entryBytes += new.outOfLineBytes
        return index
    }

    /// Reserves the next chunk index. A chunk's index must be reserved before those of the chunks it refers to, because
    /// references only go to higher indices. The first index is the top level's.
    public mutating func reserveChunk() throws(BuilderError) -> UInt32 {
        let index = try Self.index(chunks.count, "functions and thunks")
        chunks.append(nil)
        return index
    }

    /// Sets the chunk of a reserved index. Each is set once.
    public mutating func setChunk(_ index: UInt32, _ chunk: Chunk) throws(BuilderError) {
        guard index < chunks.count, chunks[Int(index)] == nil else { throw .chunk(index) }
        chunks[Int(index)] = chunk
        entryBytes += chunk.outOfLineBytes
    }

    /// Finishes the program.
    ///
    /// - Parameter lines: the lines of the source; nil strips the program of spans.
    /// - Returns: the program.
    /// - Throws: an error if a reserved chunk was not set, or if there is no chunk.
    public func finish(lines: LineTable?) throws(BuilderError) -> Program {
        var finished: [Chunk] = []
        finished.reserveCapacity(chunks.count)
        for chunk in chunks {
            guard let chunk else { throw .chunk(UInt32(finished.count)) }
            finished.append(chunk)
        }
        guard !finished.isEmpty else { throw .chunk(0) }
        let program = Program(
            symbols: symbols.map { Array($0.element) }, constants: constants.map(\.element),
            shapes: shapes.map(\.element),
            formals: formals.map(\.element), chunks: finished, lines: lines)
        return lines == nil ? program.stripped() : program
    }

    /// Removes the entries that were added since the last part, and returns them as a part. Indices continue across
    /// parts, but entries are not deduplicated across them: a constant of an earlier part is added again.
    ///
    /// - Parameters:
    ///   - newChunks: outlines of the chunks that the part announces, which follow those of earlier parts.
    ///   - functions: those of `newChunks` that are lambdas, without code.
    ///   - code: the chunks with code.
    public mutating func finishPart(
        newChunks: [ChunkOutline], functions: consuming [ProgramPart.Code], code: consuming [ProgramPart.Code]
    ) -> ProgramPart {
        var part = ProgramPart()
        part.outlines.reserveCapacity(newChunks.count)
        for outline in newChunks {
            part.outlines.append(ProgramPart.Entry(outline, at: taken.chunks))
            taken.chunks += 1
        }
        part.functions = functions
        part.code = code
        Self.move(&symbols, to: &part.symbols, &taken.symbols)
        Self.move(&constants, to: &part.constants, &taken.constants)
        Self.move(&shapes, to: &part.shapes, &taken.shapes)
        Self.move(&formals, to: &part.formals, &taken.formals)
        entryBytes = 0
        symbolIndices = ContentIndex()
        constantIndices = ContentIndex()
        shapeIndices = ContentIndex()
        return part
    }

    private static func move<Element>(
        _ entries: inout [ProgramPart.Entry<Element>], to table: inout [ProgramPart.Entry<Element>],
        _ taken: inout Int
    ) {
        taken += entries.count
        swap(&entries, &table)
    }

    private static func index(_ count: Int, _ what: String) throws(BuilderError) -> UInt32 {
        guard count < ProgramLimits.entries else {
            throw .limitExceeded(what: "\(what) in one source", limit: ProgramLimits.entries)
        }
        return UInt32(count)
    }
}
