/// An event without its time, depth and stack. A trace repeats a small number of such forms many times.
public struct TraceForm: Sendable, Hashable {
    public var kind: WireTraceEventKind
    /// The name of the function, builtin or source; empty if there is none.
    public var name: [UInt8]
    /// The index of the chunk among those that were loaded; nil if the event has none.
    public var chunk: UInt32?
    /// The instruction's byte offset in its chunk.
    public var offset: UInt32
    public var opcode: UInt8
    /// What a builtin's frame asks of the interpreter: `force`, `call`, `tailCall` or `host`; empty for other events.
    public var detail: [UInt8]
    /// The number of arguments of an entered frame.
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
