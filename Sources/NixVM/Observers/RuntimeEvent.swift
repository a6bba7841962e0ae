import NixBytecode

/// How much of an execution is recorded.
public enum TraceLevel: Int, Sendable, Comparable {
    /// Nothing.
    case none
    /// How often each kind of event happened.
    case summary
    /// Every frame entered and left, every tail call, every builtin.
    case calls
    /// The same, what waits for what, and every instruction, with the stack.
    case ops

    public static func < (a: TraceLevel, b: TraceLevel) -> Bool { a.rawValue < b.rawValue }
}

/// What can happen. The numbers never change; 1 to 3 are a compiler's.
@frozen public enum RuntimeEventKind: UInt8, Sendable, CaseIterable {
    /// A frame that runs bytecode: of a function, or of a thunk being forced.
    case enterCallFrame = 4
    case exitCallFrame = 5
    /// It waits for the frame entered next. Level `ops` only: elsewhere the nesting says so.
    case suspendCallFrame = 6
    /// A frame of a builtin that calls or forces.
    case enterBuiltinFrame = 7
    case exitBuiltinFrame = 8
    /// It waits for what it requests next. Level `ops` only, as the next.
    case suspendBuiltinFrame = 9
    case requestOfBuiltinFrame = 10
    /// The frame goes on with another function; it is left once.
    case tailCall = 11
    /// A builtin that answers at once. Both events are emitted when its arguments are there and it has run.
    case enterBuiltin = 12
    case exitBuiltin = 13
    /// One instruction, before it runs. One that must wait for a thunk runs again when that has its value.
    case executeOp = 14
}

/// What a builtin's frame asks the loop for.
public enum BuiltinRequest: Int, Sendable {
    case force, call, tailCall
    /// Something only the host can give, such as a compiled file.
    case host
}

/// Names a chunk, or a builtin, of one machine: cheap to compare and to index by.
@frozen public struct CodeID: Hashable, Sendable {
    public let number: UInt32

    static let builtinFlag: UInt32 = 1 << 31

    @inlinable public init(number: UInt32) { self.number = number }

    public var isBuiltin: Bool { number & CodeID.builtinFlag != 0 }
    /// Index among the machine's chunks, or among its builtins.
    public var index: Int { Int(number & ~CodeID.builtinFlag) }
}

/// One event as it is recorded: a single word, because a fast program has one every few nanoseconds.
///
/// The kind is in the lowest byte, 24 bits of detail above it, the code in the upper half. A record of kind 0 is no event
/// but the time of those after it. Depth is not written: it grows with each enter and falls after each exit.
@frozen public struct EventRecord: BitwiseCopyable, Sendable {
    public let word: UInt64

    @inlinable
    init(kind: UInt8, code: UInt32, detail: Int) {
        word = UInt64(code) &<< 32 | UInt64(truncatingIfNeeded: detail & 0xFF_FFFF) &<< 8 | UInt64(kind)
    }

    /// A record from its word.
    @inlinable public init(word: UInt64) { self.word = word }

    @inlinable
    init(nanoseconds: UInt64) { word = nanoseconds &<< 8 }

    /// Whether the record is the time of the events after it. At level `calls` the clock is read every 64 events, and
    /// after work that allocated.
    @inlinable public var isTime: Bool { word & 0xFF == 0 }
    /// Of a record for which `isTime` holds: nanoseconds since the batch began.
    @inlinable public var nanoseconds: UInt64 { word &>> 8 }
    @inlinable public var kind: RuntimeEventKind? { RuntimeEventKind(rawValue: UInt8(truncatingIfNeeded: word)) }
    /// What the frame runs.
    @inlinable public var code: CodeID { CodeID(number: UInt32(truncatingIfNeeded: word &>> 32)) }
    /// `enterCallFrame`: how many arguments, 0 for a thunk. `executeOp`: the instruction's offset in its chunk, all
    /// ones when it does not fit. `requestOfBuiltinFrame`: a `BuiltinRequest`.
    @inlinable public var detail: Int { Int(truncatingIfNeeded: (word &>> 8) & 0xFF_FFFF) }
}

/// Follows records in order, to know the depth and time of each.
@frozen public struct EventClock {
    /// Frames below the one that the last record passed belongs to.
    public internal(set) var depth: Int
    /// Monotonic nanoseconds of the last record passed.
    public internal(set) var time: UInt64
    @usableFromInline let baseTime: UInt64
    /// Depth after the last record passed.
    @usableFromInline var depthAfter: Int

    /// Frames that are open after the last record passed.
    public var open: Int { depthAfter + 1 }

    init(depth: Int, baseTime: UInt64) {
        self.depth = depth
        depthAfter = depth
        time = baseTime
        self.baseTime = baseTime
    }

    /// Goes on to the next record; its kind, or nil when it was a time.
    public mutating func pass(_ record: EventRecord) -> RuntimeEventKind? {
        guard let kind = record.kind else {
            time = baseTime &+ record.nanoseconds
            return nil
        }
        switch kind {
        case .enterCallFrame, .enterBuiltinFrame, .enterBuiltin:
            depthAfter &+= 1
            depth = depthAfter
        case .exitCallFrame, .exitBuiltinFrame, .exitBuiltin:
            depth = depthAfter
            depthAfter &-= 1
        default: depth = depthAfter
        }
        return kind
    }
}

/// One event, decoded. Valid during the callback it is passed to, which it cannot outlive.
public struct RuntimeEvent: ~Copyable {
    let record: EventRecord
    /// Nanoseconds on the monotonic clock.
    public let time: UInt64
    /// Frames below this one.
    public let depth: Int
    let index: Int
    let recording: EventRecording

    public var code: CodeID { record.code }
    /// Of `enterCallFrame`; 0 for a thunk.
    public var arguments: Int { record.detail }
    /// Of `executeOp`: offset of the instruction in its chunk.
    public var offset: Int { record.detail }
    public var opcode: Opcode? { recording.opcode(index) }
    public var request: BuiltinRequest? { BuiltinRequest(rawValue: record.detail) }
    /// The function's or builtin's name; nil for an anonymous function or a thunk without one.
    public var name: [UInt8]? { recording.machine.codeName(code) }
    /// Where the function or thunk stands; nil for a builtin.
    public var position: SourcePosition? { recording.machine.codePosition(code) }
    /// The top of the stack, topmost first: at most six values, each printed and cut short.
    public var stack: [[UInt8]] { recording.stack(index) }
    /// How many values the stack has.
    public var stackHeight: Int { recording.stackHeight(index) }
}

/// What the records of a batch refer to. Valid during the callback it is passed to.
public struct EventContext: ~Copyable {
    let recording: EventRecording

    /// Depth and time before the first record.
    public var clock: EventClock { EventClock(depth: recording.batchDepth, baseTime: recording.baseTime) }
    /// The function's or builtin's name.
    public func name(_ code: CodeID) -> [UInt8]? { recording.machine.codeName(code) }
    /// Where a function or thunk begins in its source; nil for a builtin, or when spans were stripped.
    public func position(_ code: CodeID) -> SourcePosition? { recording.machine.codePosition(code) }
    /// Index of a chunk in its own program; nil for a builtin.
    public func chunkInProgram(_ code: CodeID) -> Int? { recording.machine.chunkInProgram(code) }
    /// Of the record at an index, which is an `executeOp`.
    public func opcode(_ index: Int) -> Opcode? { recording.opcode(index) }
    /// The printed values of the record at an index, topmost first; none below level `ops`.
    public func stack(_ index: Int) -> [[UInt8]] { recording.stack(index) }
    /// How many values the stack has.
    public func stackHeight(_ index: Int) -> Int { recording.stackHeight(index) }
}

extension Machine {
    func codeName(_ code: CodeID) -> [UInt8]? {
        code.isBuiltin ? Array(builtinName(code.index).utf8) : chunkName(code.index)
    }

    func codePosition(_ code: CodeID) -> SourcePosition? {
        guard !code.isBuiltin, code.index > 0, code.index < state.pointee.chunkCount else { return nil }
        return sourcePosition(chunk: code.index, pc: state.pointee.chunks[code.index].code)
    }

    func chunkInProgram(_ code: CodeID) -> Int? {
        guard !code.isBuiltin, code.index > 0, code.index < state.pointee.chunkCount,
            Int(state.pointee.chunks[code.index].program) < programs.count
        else { return nil }
        return Int(state.pointee.chunks[code.index].index)
    }
}
