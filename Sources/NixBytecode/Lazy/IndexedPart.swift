/// What running one chunk of an indexed program needs that was not needed before: entries of the program's tables, with
/// their indices, and chunks.
public struct IndexedPart: Sendable {
    /// The bytes of the program's file, in which names lie.
    public var bytes: [UInt8] = []
    public var symbols: [(index: Int, name: Range<Int>)] = []
    public var constants: [(index: Int, constant: Constant)] = []
    public var shapes: [(index: Int, shape: Shape)] = []
    public var formals: [(index: Int, formals: Formals)] = []
    /// Chunks that code refers to, without code.
    public var outlines: [(index: Int, outline: ChunkOutline)] = []
    /// Those of `outlines` that are functions, with names and places.
    public var functions: [(index: Int, chunk: Chunk)] = []
    /// Chunks with their code, which was verified, and without the spans of their instructions.
    public var code: [(index: Int, chunk: Chunk)] = []
}
