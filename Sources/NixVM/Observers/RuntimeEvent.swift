import NixBytecode

/// How much of an execution is recorded.
public enum TraceLevel: Int, Sendable, Comparable {
    /// Nothing is recorded.
    case none
    /// How often each kind of event happened.
    case summary
    /// Every frame that is entered or left, every tail call, and every builtin.
    case calls
    /// The same, and every suspension and instruction, with the stack.
    case ops

    public static func < (a: TraceLevel, b: TraceLevel) -> Bool { a.rawValue < b.rawValue }
}

/// The kinds of events. Their numbers never change, and 1 to 3 belong to compilers.
@frozen public enum RuntimeEventKind: UInt8, Sendable, CaseIterable {
    /// A frame that runs bytecode begins, for a function or for a thunk that is being forced.
    case enterCallFrame = 4
    case exitCallFrame = 5
    /// The frame waits for the one that is entered next. This is recorded at level `ops` only; otherwise the nesting
    /// implies it.
    case suspendCallFrame = 6
    /// A frame begins for a builtin that calls or forces.
    case enterBuiltinFrame = 7
    case exitBuiltinFrame = 8
    /// The frame waits for what it requests next. This and the next kind are recorded at level `ops` only.
    case suspendBuiltinFrame = 9
    case requestOfBuiltinFrame = 10
    /// The frame continues with another function. It is left only once.
    case tailCall = 11
    /// A builtin ran without a frame. Both events are emitted after it has run.
    case enterBuiltin = 12
    case exitBuiltin = 13
    /// An instruction is about to run. An instruction that waits for a thunk runs again when the thunk has been forced.
    case executeOp = 14
}

/// What a builtin's frame asks of the loop.
public enum BuiltinRequest: Int, Sendable {
    case force, call, tailCall
    /// Something that only the host can provide, such as a compiled file.
    case host
}

/// Identifies a chunk or a builtin of one machine.
@frozen public struct CodeID: Hashable, Sendable {
    public let number: UInt32

    static let builtinFlag: UInt32 = 1 << 31

    @inlinable public init(number: UInt32) { self.number = number }

    public var isBuiltin: Bool { number & CodeID.builtinFlag != 0 }
    /// The index among the machine's chunks, or among its builtins.
    public var index: Int { Int(number & ~CodeID.builtinFlag) }
}

/// An event in its recorded form. It is a single word, because a fast program causes an event every few nanoseconds.
///
/// The kind is in the lowest byte, 24 bits of detail are above it, and the code is in the upper half. A record of kind
/// 0 is not an event but the time of the events after it. The depth is not recorded: it increases with each enter event
/// and decreases after each exit event.
@frozen public struct EventRecord: BitwiseCopyable, Sendable {
    public let word: UInt64

    @inlinable
    init(kind: UInt8, code: UInt32, detail: Int) {
        word = UInt64(code) &<< 32 | UInt64(truncatingIfNeeded: detail & 0xFF_FFFF) &<< 8 | UInt64(kind)
    }

    /// Makes a record from its word.
    @inlinable public init(word: UInt64) { self.word = word }

    @inlinable
    init(nanoseconds: UInt64) { word = nanoseconds &<< 8 }

    /// Whether the record is the time of the events after it. At level `calls` the clock is read every 64 events, and
    /// after work that allocated much.
    @inlinable public var isTime: Bool { word & 0xFF == 0 }
    /// The nanoseconds since the batch began, if `isTime` holds.
    @inlinable public var nanoseconds: UInt64 { word &>> 8 }
    @inlinable public var kind: RuntimeEventKind? { RuntimeEventKind(rawValue: UInt8(truncatingIfNeeded: word)) }
    /// The code that the frame runs.
    @inlinable public var code: CodeID { CodeID(number: UInt32(truncatingIfNeeded: word &>> 32)) }
    /// For `enterCallFrame` the number of arguments, which is 0 for a thunk. For `executeOp` the instruction's offset
    /// in its chunk, modulo 2²⁴. For `requestOfBuiltinFrame` a `BuiltinRequest`.
    @inlinable public var detail: Int { Int(truncatingIfNeeded: (word &>> 8) & 0xFF_FFFF) }
}

/// Follows records in order to derive the depth and time of each.
@frozen public struct EventClock {
    /// The number of frames below the one that the last record belongs to.
    public internal(set) var depth: Int
    /// The time of the last record, in nanoseconds of the monotonic clock.
    public internal(set) var time: UInt64
    @usableFromInline let baseTime: UInt64
    /// The depth after the last record.
    @usableFromInline var depthAfter: Int

    /// The number of frames that are open after the last record.
    public var open: Int { depthAfter + 1 }

    init(depth: Int, baseTime: UInt64) {
        self.depth = depth
        depthAfter = depth
        time = baseTime
        self.baseTime = baseTime
    }

    /// Advances to the next record. The result is its kind, or nil if it is a time.
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

/// A decoded event. It is valid only during the callback that it is passed to.
public struct RuntimeEvent: ~Copyable {
    let record: EventRecord
    /// The time in nanoseconds of the monotonic clock.
    public let time: UInt64
    /// The number of frames below this one.
    public let depth: Int
    let index: Int
    let recording: EventRecording

    public var code: CodeID { record.code }
    /// The number of arguments of an `enterCallFrame`, which is 0 for a thunk.
    public var arguments: Int { record.detail }
    /// The offset of an `executeOp`'s instruction in its chunk.
    public var offset: Int { record.detail }
    public var opcode: Opcode? { recording.opcode(index) }
    public var request: BuiltinRequest? { BuiltinRequest(rawValue: record.detail) }
    /// The name of the function or builtin, or nil if it has none.
    public var name: [UInt8]? { recording.machine.codeName(code) }
    /// The position of the function or thunk, or nil for a builtin.
    public var position: SourcePosition? { recording.machine.codePosition(code) }
    /// The top of the stack, topmost value first: at most six values, each printed and cut.
    public var stack: [[UInt8]] { recording.stack(index) }
    /// The number of values on the stack.
    public var stackHeight: Int { recording.stackHeight(index) }
}

/// What the records of a batch refer to. It is valid only during the callback that it is passed to.
public struct EventContext: ~Copyable {
    let recording: EventRecording

    /// A clock at the depth and time before the first record.
    public var clock: EventClock { EventClock(depth: recording.batchDepth, baseTime: recording.baseTime) }
    /// The name of a function or builtin, or nil if it has none.
    public func name(_ code: CodeID) -> [UInt8]? { recording.machine.codeName(code) }
    /// The position at which a function or thunk begins, or nil for a builtin and when spans were stripped.
    public func position(_ code: CodeID) -> SourcePosition? { recording.machine.codePosition(code) }
    /// The index of a chunk in its own program, or nil for a builtin.
    public func chunkInProgram(_ code: CodeID) -> Int? { recording.machine.chunkInProgram(code) }
    /// The opcode of the record at an index, if that is an `executeOp`.
    public func opcode(_ index: Int) -> Opcode? { recording.opcode(index) }
    /// The printed values of the record at an index, topmost first. There are none below level `ops`.
    public func stack(_ index: Int) -> [[UInt8]] { recording.stack(index) }
    /// The number of values on the stack.
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
