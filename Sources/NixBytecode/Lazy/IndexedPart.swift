/// What running one chunk of an indexed program needs in addition to earlier parts: table entries with their indices,
/// and chunks.
public struct IndexedPart: Sendable {
    /// The bytes of the encoded program, which the ranges of names refer to.
    public var bytes: [UInt8] = []
    public var symbols: [(index: Int, name: Range<Int>)] = []
    public var constants: [(index: Int, constant: Constant)] = []
    public var shapes: [(index: Int, shape: Shape)] = []
    public var formals: [(index: Int, formals: Formals)] = []
    /// Outlines of the chunks that code refers to.
    public var outlines: [(index: Int, outline: ChunkOutline)] = []
    /// The lambdas among `outlines`, with names and spans but without code.
    public var functions: [(index: Int, chunk: Chunk)] = []
    /// Chunks with verified code, without instruction spans.
    public var code: [(index: Int, chunk: Chunk)] = []
}
