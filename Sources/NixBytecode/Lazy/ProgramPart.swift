/// A part of a program whose code is generated when it is first run: what one or a few chunks add to the program's
/// tables.
///
/// Its instructions refer to chunks by numbers that the machine assigns, and not by their index in the program. They
/// refer to everything else by index in tables that grow from part to part.
public struct ProgramPart: Sendable {
    /// The code of a chunk that this part or an earlier one announced.
    public struct Code: Sendable {
        /// The chunk's index among all announced chunks of the program.
        public var chunkIndex: Int
        public var chunk: Chunk

        public init(chunkIndex: Int, chunk: Chunk) {
            self.chunkIndex = chunkIndex
            self.chunk = chunk
        }
    }

    public var symbols: [[UInt8]]
    public var constants: [Constant]
    public var shapes: [Shape]
    public var formals: [Formals]
    /// The number of the first of `newChunks`; the others follow.
    public var firstChunk: UInt32
    /// Outlines of the chunks that this part's code refers to and that have no code yet.
    public var newChunks: [ChunkOutline]
    /// The lambdas among `newChunks` that are not in `code`, with names and spans but without code.
    public var functions: [Code]
    public var code: [Code]

    public init(
        symbols: [[UInt8]], constants: [Constant], shapes: [Shape], formals: [Formals], firstChunk: UInt32,
        newChunks: [ChunkOutline], functions: [Code], code: [Code]
    ) {
        self.symbols = symbols
        self.constants = constants
        self.shapes = shapes
        self.formals = formals
        self.firstChunk = firstChunk
        self.newChunks = newChunks
        self.functions = functions
        self.code = code
    }
}
