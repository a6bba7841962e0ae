/// What running one chunk of an indexed program needs that was not needed before: entries of the program's tables, with
/// their indices, and chunks.
public struct IndexedPart: Sendable {
    public var symbols: [(index: Int, name: [UInt8])] = []
    public var constants: [(index: Int, constant: Constant)] = []
    public var shapes: [(index: Int, shape: Shape)] = []
    public var formals: [(index: Int, formals: Formals)] = []
    /// Chunks that code refers to, without code.
    public var outlines: [(index: Int, outline: ChunkOutline)] = []
    /// Those of `outlines` that are functions, with names and places.
    public var functions: [(index: Int, chunk: Chunk)] = []
    /// Chunks with their code, which was verified.
    public var code: [(index: Int, chunk: Chunk)] = []
}
