/// What is known of a chunk before its code is generated or decoded: as much as making a closure or thunk of it needs.
/// Most chunks of a large source never run, and are only known by their outline.
public struct ChunkOutline: Sendable, Hashable {
    public var kind: Chunk.Kind
    public var capturesWith: Bool
    /// The number of arguments, within `ProgramLimits`.
    public var arity: UInt16
    public var upvalueCount: UInt32

    public init(kind: Chunk.Kind, arity: Int, upvalueCount: Int, capturesWith: Bool) {
        self.kind = kind
        self.arity = UInt16(truncatingIfNeeded: arity)
        self.upvalueCount = UInt32(truncatingIfNeeded: upvalueCount)
        self.capturesWith = capturesWith
    }

    public init(_ chunk: Chunk) {
        self.init(
            kind: chunk.kind, arity: Int(chunk.arity), upvalueCount: Int(chunk.upvalueCount),
            capturesWith: chunk.capturesWith)
    }
}
