/// What an event says but for time, depth and stack. A trace repeats few of them millions of times.
public struct TraceForm: Sendable, Hashable {
    public var kind: WireTraceEventKind
    /// Of the function, builtin or source; empty: none.
    public var name: [UInt8]
    /// Which of the chunks loaded.
    public var chunk: UInt32?
    /// Byte offset of the instruction in its chunk.
    public var offset: UInt32
    public var opcode: UInt8
    /// What a builtin's frame asks for; empty: nothing.
    public var detail: [UInt8]
    /// Of an entered frame.
    public var arguments: UInt32

    public init(
        kind: WireTraceEventKind, name: [UInt8] = [], chunk: UInt32? = nil, offset: UInt32 = 0, opcode: UInt8 = 0,
        detail: [UInt8] = [], arguments: UInt32 = 0
    ) {
        self.kind = kind
        self.name = name
        self.chunk = chunk
        self.offset = offset
        self.opcode = opcode
        self.detail = detail
        self.arguments = arguments
    }
}
