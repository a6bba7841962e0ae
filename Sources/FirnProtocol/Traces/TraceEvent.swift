/// One event of an execution trace, as the recorder gives it and a reader gets it back.
public struct TraceEvent: Sendable, Hashable {
    public var kind: WireTraceEventKind
    /// Nanoseconds since the attempt began.
    public var nanoseconds: UInt64
    /// Frames below.
    public var depth: UInt32
    /// Of the function, builtin or source.
    public var name: [UInt8]
    /// Which chunk of its program.
    public var chunk: UInt32?
    /// Byte offset of the instruction in its chunk.
    public var offset: UInt32
    public var opcode: UInt8
    /// What a builtin's frame asks for.
    public var detail: [UInt8]
    /// Printed values, the topmost last; at most 6 are carried.
    public var stack: [[UInt8]]
    /// How many values the whole stack has.
    public var stackHeight: UInt32
    /// Of an entered frame; 0 for a thunk.
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

    /// Values of the stack that an event carries.
    public static let stackValues = 6
}

extension WireTraceEventKind {
    /// 1 where a frame begins, -1 where one ends.
    public var framesOpened: Int {
        switch self {
        case .enterCallFrame, .enterBuiltinFrame, .enterBuiltin: 1
        case .exitCallFrame, .exitBuiltinFrame, .exitBuiltin: -1
        default: 0
        }
    }
}
