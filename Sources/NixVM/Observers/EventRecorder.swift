import NixBytecode

/// How much of an execution is recorded.
public enum TraceLevel: Int, Sendable, Comparable {
    case none, summary, calls, ops

    public static func < (a: TraceLevel, b: TraceLevel) -> Bool { a.rawValue < b.rawValue }
}

/// One thing that happened, decoded for observers outside the machine.
public struct RuntimeEvent: Sendable {
    public enum Kind: Sendable {
        /// Arguments 0 for a thunk.
        case enterFrame(arguments: Int)
        case exitFrame
        case tailCall
        case executeOp(Opcode, offset: Int)
        case enterBuiltin
        case exitBuiltin
    }

    public var kind: Kind
    /// Nanoseconds on the monotonic clock.
    public var time: UInt64
    /// Frames below this one.
    public var depth: Int
    /// The function's name, or the builtin's.
    public var name: String?
    /// Machine index of the chunk; 0 for a builtin.
    public var chunk: Int
    /// The top of the stack, at most six values, each cut short.
    public var stack: [String]
    /// Whether the stack held more.
    public var stackIsCut: Bool
}

/// Hears what the machine does. All requirements have empty defaults.
public protocol RuntimeObserver: AnyObject {
    func observe(_ event: RuntimeEvent)
}

extension RuntimeObserver {
    public func observe(_ event: RuntimeEvent) {}
}

/// The loop's observer when nobody listens.
struct NoObserver: LoopObserver {
    @inline(__always) mutating func executeOp(_ vm: VM, _ r: borrowing Registers) {}
    @inline(__always) mutating func enterFrame(_ vm: VM, _ r: borrowing Registers, arguments: Int) {}
    @inline(__always) mutating func exitFrame(_ vm: VM, _ r: borrowing Registers) {}
    @inline(__always) mutating func tailCall(_ vm: VM, _ r: borrowing Registers) {}
}

/// The loop's observer that feeds another, by level.
struct EventRecorder: LoopObserver {
    let level: TraceLevel
    let observer: any RuntimeObserver

    mutating func executeOp(_ vm: VM, _ r: borrowing Registers) {
        if level < .ops { return }
        let opcode = UnsafeRawPointer(r.pc).load(as: Opcode.self)
        let chunk = r.env.field
        let code = vm.s.pointee.chunks[chunk].code
        if opcode == .step { return }
        let offset = r.pc - code
        emit(vm, r, .executeOp(opcode, offset: offset), stack: true)
    }

    mutating func enterFrame(_ vm: VM, _ r: borrowing Registers, arguments: Int) {
        emit(vm, r, .enterFrame(arguments: arguments), stack: false)
    }

    mutating func exitFrame(_ vm: VM, _ r: borrowing Registers) { emit(vm, r, .exitFrame, stack: true) }

    mutating func tailCall(_ vm: VM, _ r: borrowing Registers) { emit(vm, r, .tailCall, stack: false) }

    private func emit(_ vm: VM, _ r: borrowing Registers, _ kind: RuntimeEvent.Kind, stack: Bool) {
        let chunk = r.env.field
        var shown: [String] = []
        var isCut = false
        if stack {
            var slot = r.sp
            while slot > r.bp, shown.count < 6 {
                slot -= 1
                shown.append(EventRecorder.brief(vm, slot.pointee))
            }
            isCut = slot > r.bp
        }
        observer.observe(
            RuntimeEvent(
                kind: kind, time: monotonicNanoseconds(), depth: r.fp - vm.s.pointee.bottomFrame,
                name: vm.machine.chunkName(chunk).map { String(decoding: $0, as: UTF8.self) }, chunk: chunk,
                stack: shown, stackIsCut: isCut))
    }

    /// A value for a trace: containers by their size, everything else cut to 64 bytes.
    static func brief(_ vm: VM, _ value: Value) -> String {
        var value = value
        if value.isThunk, value.object.kind == Kind.indirection { value = Value(bits: value.object[1]) }
        if value.isList { return "list[\(value.object.field)]" }
        if value.isAttributes { return "attrs[\(value.object.field)]" }
        if value.isKind(Kind.withLink) { return "with" }
        if value.isString, value.object.field > 64 {
            return "string[\(value.object.field)]"
        }
        return String(decoding: ValuePrinter(vm, .trace, limit: 64).print(value), as: UTF8.self)
    }
}
