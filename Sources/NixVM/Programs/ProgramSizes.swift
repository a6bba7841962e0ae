import NixBytecode

/// The initial number of entries of a program's tables.
struct ProgramSizes {
    var symbols = 0
    var constants = 0
    var shapes = 0
    var formals = 0
    var chunks = 0

    init(symbols: Int, constants: Int, shapes: Int, formals: Int, chunks: Int) {
        self.symbols = symbols
        self.constants = constants
        self.shapes = shapes
        self.formals = formals
        self.chunks = chunks
    }

    init(_ program: Program) {
        symbols = program.symbols.count
        constants = program.constants.count
        shapes = program.shapes.count
        formals = program.formals.count
        chunks = program.chunks.count
    }

    init(_ part: ProgramPart) {
        symbols = part.symbols.count
        constants = part.constants.count
        shapes = part.shapes.count
        formals = part.formals.count
        chunks = part.outlines.count
    }

    init(_ program: LinkedProgram) {
        symbols = program.symbolCount
        constants = program.constantCount
        shapes = program.shapeCount
        formals = program.formalsCount
        chunks = program.chunkCount
    }

    /// The bytes of tables with these numbers of entries.
    var tableBytes: Int {
        symbols * MemoryLayout<UInt32>.stride + constants * MemoryLayout<Value>.stride
            + shapes * MemoryLayout<LoadedShape>.stride + formals * MemoryLayout<LoadedFormals>.stride
            + chunks * MemoryLayout<UInt32>.stride
    }
}
