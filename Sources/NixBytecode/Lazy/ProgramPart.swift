/// A piece of a program whose code is made when it is first run: what one or a few chunks add to the program's tables.
///
/// Its instructions refer to chunks by numbers that whoever runs it gives out, instead of by index in the program; to
/// everything else by index in tables that grow from part to part.
public struct ProgramPart: Sendable {
    /// The code of a chunk that an earlier part, or this one, announced.
    public struct Code: Sendable {
        /// Its place among all announced chunks of the program.
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
    /// Number of the first of `newChunks`; those after it follow.
    public var firstChunk: UInt32
    /// Chunks that this part's code refers to, without code of their own yet.
    public var newChunks: [ChunkOutline]
    /// Those of `newChunks` that are functions, with names and places, unless `code` has them.
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
