/// One event of an execution trace.
public struct TraceEvent: Sendable, Hashable {
    public var kind: WireTraceEventKind
    /// Nanoseconds since the attempt began.
    public var nanoseconds: UInt64
    /// The number of frames below the event's own.
    public var depth: UInt32
    /// The name of the function, builtin or source.
    public var name: [UInt8]
    /// The index of the chunk among those that were loaded; nil if the event has none.
    public var chunk: UInt32?
    /// The instruction's byte offset in its chunk.
    public var offset: UInt32
    public var opcode: UInt8
    /// What a builtin's frame asks of the interpreter: `force`, `call`, `tailCall` or `host`; empty for other events.
    public var detail: [UInt8]
    /// Printed values of the stack, with the top last; at most 6.
    public var stack: [[UInt8]]
    /// The height of the whole stack.
    public var stackHeight: UInt32
    /// The number of arguments of an entered frame; 0 for a thunk.
    public var arguments: UInt32

    public init(
        kind: WireTraceEventKind, nanoseconds: UInt64, depth: UInt32 = 0, name: [UInt8] = [], chunk: UInt32? = nil,
        offset: UInt32 = 0, opcode: UInt8 = 0, detail: [UInt8] = [], stack: [[UInt8]] = [], stackHeight: UInt32 = 0,
        arguments: UInt32 = 0
    ) {
        self.kind = kind
        self.nanoseconds = nanoseconds
        self.depth = depth
        self.name = name
        self.chunk = chunk
        self.offset = offset
        self.opcode = opcode
        self.detail = detail
        self.stack = stack
        self.stackHeight = stackHeight
        self.arguments = arguments
    }

    /// The number of stack values that an event carries at most.
    public static let stackValues = 6
}

extension WireTraceEventKind {
    /// 1 if the event opens a frame, -1 if it closes one, and otherwise 0.
    public var framesOpened: Int {
        switch self {
        case .enterCallFrame, .enterBuiltinFrame, .enterBuiltin: 1
        case .exitCallFrame, .exitBuiltinFrame, .exitBuiltin: -1
        default: 0
        }
    }
}
