/// What running one chunk of an indexed program needs that was not needed before: entries of the program's tables, with
/// their indices, and chunks.
public struct IndexedPart: Sendable {
    public var symbols: [(index: Int, name: [UInt8])] = []
    public var constants: [(index: Int, constant: Constant)] = []
    public var shapes: [(index: Int, shape: Shape)] = []
    public var formals: [(index: Int, formals: Formals)] = []
    /// Chunks that code refers to, without code.
    public var headers: [(index: Int, chunk: Chunk)] = []
    /// Chunks with their code, which was verified.
    public var code: [(index: Int, chunk: Chunk)] = []
}
