/// The number of entries of each of a program's tables.
struct EntryCounts {
    let symbols: Int
    let constants: Int
    let shapes: Int
    let formals: Int
    let chunks: Int

    init(_ program: Program) {
        symbols = program.symbols.count
        constants = program.constants.count
        shapes = program.shapes.count
        formals = program.formals.count
        chunks = program.chunks.count
    }
}

/// Access to entries that others refer to. Each function refuses an index that is out of range.
extension Verifier {
    /// Checks that there is a symbol.
    @inline(__always)
    func useSymbol(_ index: Int) throws(Failure) {
        guard index < counts.symbols else { throw .symbolOutOfRange }
    }

    /// Whether a constant is a string.
    @inline(__always)
    func isString(_ index: Int) throws(Failure) -> Bool {
        guard index < counts.constants else { throw .constantOutOfRange }
        if case .string = program.constants[index] { return true }
        return false
    }

    /// The number of names of a shape.
    @inline(__always)
    func shapeSize(_ index: Int) throws(Failure) -> Int {
        guard index < counts.shapes else { throw .shapeOutOfRange }
        return program.shapes[index].names.count
    }

    @inline(__always)
    func formals(_ index: Int) throws(Failure) -> [Formals.Formal] {
        guard index < counts.formals else { throw .formalsOutOfRange }
        return program.formals[index].formals
    }

    /// The outline of a chunk, whose code need not be verified yet.
    @inline(__always)
    func outline(_ index: Int) throws(Failure) -> ChunkOutline {
        guard index < counts.chunks else { throw .chunkOutOfRange }
        return ChunkOutline(program.chunks[index])
    }
}
