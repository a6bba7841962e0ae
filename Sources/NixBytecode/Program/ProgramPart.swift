/// What the machine needs of a program to run one chunk, and has not got with an earlier part: table entries, and
/// chunks with and without code. The code is generated when the machine first runs it.
public struct ProgramPart: Sendable {
    /// An entry of one of the program's tables.
    public struct Entry<Element: Sendable>: Sendable {
        /// The index in the table. Code refers to the entry by it.
        public var index: UInt32
        public var element: Element

        public init(_ element: Element, at index: Int) {
            self.index = UInt32(truncatingIfNeeded: index)
            self.element = element
        }
    }

    /// A chunk that this part or an earlier one announced.
    public struct Code: Sendable {
        /// The chunk's index among all chunks of the program.
        public var chunkIndex: Int
        public var chunk: Chunk

        public init(chunkIndex: Int, chunk: Chunk) {
            self.chunkIndex = chunkIndex
            self.chunk = chunk
        }
    }

    /// Names, which may be slices of a source.
    public var symbols: [Entry<ArraySlice<UInt8>>] = []
    public var constants: [Entry<Constant>] = []
    public var shapes: [Entry<Shape>] = []
    public var formals: [Entry<Formals>] = []
    /// The chunks that this part is the first to refer to, by their index among all chunks of the program.
    public var outlines: [Entry<ChunkOutline>] = []
    /// The lambdas among `outlines`, with names and spans but without code. Those in `code` may be absent.
    public var functions: [Code] = []
    /// The chunks with code.
    public var code: [Code] = []

    public init() {}
}
