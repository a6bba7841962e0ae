import NixBytecode
import Platform

/// What a recorder records. The loop is specialized for each conforming type.
protocol RecordedDetail {
    /// Whether only counts are kept.
    static var countsOnly: Bool { get }
    /// Whether instructions and stacks are recorded, too.
    static var hasInstructions: Bool { get }
}

enum SummaryDetail: RecordedDetail {
    static var countsOnly: Bool { true }
    static var hasInstructions: Bool { false }
}

enum CallDetail: RecordedDetail {
    static var countsOnly: Bool { false }
    static var hasInstructions: Bool { false }
}

enum InstructionDetail: RecordedDetail {
    static var countsOnly: Bool { false }
    static var hasInstructions: Bool { true }
}

/// The loop's observer that records events in batches for another observer.
///
/// It must be cheap: at level `calls` an event costs one word and a counter. It exists for one run of the loop;
/// longer-lived state is in the recording.
struct EventRecorder<Detail: RecordedDetail>: LoopObserver {
    /// The number of events between two clock readings at level `calls`.
    private static var clockInterval: Int { 64 }
    /// The bytes allocated since the last clock reading after which the clock is read anyway, because a builtin may
    /// have taken long.
    private static var clockBytes: UInt { 4096 }
    /// The number of stack values that are printed with an event.
    private static var stackValues: Int { 6 }

    private let recording: EventRecording
    private var next: UnsafeMutablePointer<EventRecord>
    /// The code that each frame was entered with, by depth.
    private var entered: UnsafeMutablePointer<UInt32>
    private var enteredCapacity: Int
    /// The depth of the current frame, or -1 before the bottom frame was recorded.
    private var depth: Int
    private var untilClock = 1
    private var heapMark: UnsafeMutableRawPointer
    /// The instruction runs again only because room was made, so it has been recorded already.
    private var isRepeated = false

    init(_ recording: EventRecording) {
        self.recording = recording
        next = recording.records
        entered = recording.entered
        enteredCapacity = recording.enteredCapacity
        depth = recording.depth
        heapMark = recording.machine.state.pointee.registers.hp
    }

    /// Records the bottom frame, unless this run continues an earlier one.
    mutating func begin(_ interpreter: Interpreter) {
        if depth < 0 { enterBuiltinFrame(interpreter, 0) }
    }

    /// Delivers what is still in the buffer.
    mutating func end() {
        flush()
        recording.depth = depth
    }

    private mutating func flush() {
        recording.drain(next - recording.records, depth: depth)
        next = recording.records
        untilClock = 1
    }

    @inline(__always)
    mutating func executeOp(_ interpreter: Interpreter, _ registers: borrowing Registers) {
        if Detail.hasInstructions { recordOp(interpreter, registers) }
    }

    @inline(never)
    private mutating func recordOp(_ interpreter: Interpreter, _ registers: borrowing Registers) {
        if isRepeated {
            isRepeated = false
            return
        }
        let opcode = UnsafeRawPointer(registers.pc).load(as: Opcode.self)
        if opcode == .step { return }
        let chunk = registers.env.field
        append(
            .executeOp, code: UInt32(truncatingIfNeeded: chunk),
            detail: registers.pc - interpreter.state.pointee.chunks[chunk].code, registers.hp)
        recording.addOpcode(next - 1 - recording.records, opcode)
        addStack(interpreter, from: registers.bp, to: registers.sp)
    }

    @inline(__always)
    mutating func enterCallFrame(_ interpreter: Interpreter, _ registers: borrowing Registers, arguments: Int) {
        if Detail.hasInstructions, depth >= 0 { suspend(interpreter, registers) }
        let code = UInt32(truncatingIfNeeded: registers.env.field)
        append(.enterCallFrame, code: code, detail: arguments, registers.hp)
        enter(code)
    }

    mutating func enterBuiltinFrame(_ interpreter: Interpreter, _ index: Int) {
        if Detail.hasInstructions, depth >= 0 { suspend(interpreter, interpreter.state.pointee.registers) }
        let code = UInt32(truncatingIfNeeded: index) | CodeID.builtinFlag
        append(.enterBuiltinFrame, code: code, interpreter.state.pointee.registers.hp)
        enter(code)
        addStack(interpreter, from: interpreter.bp, to: interpreter.sp)
    }

    @inline(__always)
    mutating func exitFrame(_ interpreter: Interpreter, _ registers: borrowing Registers) {
        let code = entered[depth]
        append(code & CodeID.builtinFlag != 0 ? .exitBuiltinFrame : .exitCallFrame, code: code, registers.hp)
        depth &-= 1
        addStack(interpreter, from: registers.bp, to: registers.sp)
    }

    @inline(__always)
    mutating func tailCall(_ interpreter: Interpreter, _ registers: borrowing Registers) {
        append(.tailCall, code: UInt32(truncatingIfNeeded: registers.env.field), registers.hp)
    }

    mutating func tailCallBuiltin(_ interpreter: Interpreter, _ index: Int) {
        append(
            .tailCall, code: UInt32(truncatingIfNeeded: index) | CodeID.builtinFlag,
            interpreter.state.pointee.registers.hp)
    }

    mutating func ranBuiltin(_ interpreter: Interpreter, _ index: Int, _ step: Step) {
        guard step == .done || step == .error else { return }
        let code = UInt32(truncatingIfNeeded: index) | CodeID.builtinFlag
        append(.enterBuiltin, code: code, heapMark)
        depth &+= 1
        append(.exitBuiltin, code: code, interpreter.state.pointee.registers.hp)
        depth &-= 1
        guard Detail.hasInstructions, step == .done else { return }
        withUnsafeMutablePointer(to: &interpreter.state.pointee.result) { addStack(interpreter, from: $0, to: $0 + 1) }
    }

    @inline(__always)
    mutating func carryOut(_ interpreter: Interpreter, _ step: Step) {
        if Detail.hasInstructions { recordRequest(interpreter, step) }
    }

    private mutating func recordRequest(_ interpreter: Interpreter, _ step: Step) {
        let request: BuiltinRequest
        switch step {
        case .collect:
            isRepeated = true
            return
        case .force: request = .force
        case .call: request = .call
        case .tailCall: request = .tailCall
        case .suspend: request = .host
        default: return
        }
        guard let index = interpreter.stepIndex(interpreter.state.pointee.instruction) else { return }
        let code = UInt32(truncatingIfNeeded: index) | CodeID.builtinFlag
        append(.suspendBuiltinFrame, code: code, interpreter.state.pointee.registers.hp)
        addStack(interpreter, from: interpreter.bp, to: interpreter.sp)
        append(.requestOfBuiltinFrame, code: code, detail: request.rawValue, interpreter.state.pointee.registers.hp)
    }

    @inline(__always)
    private mutating func enter(_ code: UInt32) {
        depth &+= 1
        if _slowPath(depth >= enteredCapacity) { growEntered() }
        entered[depth] = code
    }

    /// Records that the frame below the new one waits, if it runs a chunk.
    private mutating func suspend(_ interpreter: Interpreter, _ registers: borrowing Registers) {
        let below = (registers.fp - 1).pointee
        guard below.env != interpreter.state.pointee.machineEnv else { return }
        append(.suspendCallFrame, code: UInt32(truncatingIfNeeded: below.env.field), registers.hp)
        addStack(interpreter, from: below.bp, to: registers.bp)
    }

    @inline(never)
    private mutating func growEntered() {
        recording.growEntered()
        entered = recording.entered
        enteredCapacity = recording.enteredCapacity
    }

    @inline(__always)
    private mutating func append(
        _ kind: RuntimeEventKind, code: UInt32, detail: Int = 0, _ hp: UnsafeMutableRawPointer
    ) {
        if Detail.countsOnly { return recording.count(kind) }
        untilClock &-= 1
        if _slowPath(untilClock == 0 || UInt(bitPattern: hp - heapMark) > EventRecorder.clockBytes) { readClock(hp) }
        next.pointee = EventRecord(kind: kind.rawValue, code: code, detail: detail)
        next += 1
    }

    /// Reads the clock, and delivers the batch if it is full.
    @inline(never)
    private mutating func readClock(_ hp: UnsafeMutableRawPointer) {
        heapMark = hp
        // There must be room for all events until the next reading.
        if next - recording.records + EventRecorder.clockInterval >= EventRecording.capacity {
            flush()
        } else {
            next.pointee = EventRecord(nanoseconds: MonotonicClock.now() &- recording.baseTime)
            next += 1
        }
        untilClock = Detail.hasInstructions ? 1 : EventRecorder.clockInterval
    }

    /// Prints the top of a stack for the last event.
    @inline(__always)
    private mutating func addStack(_ interpreter: Interpreter, from base: Slot, to top: Slot) {
        if Detail.hasInstructions { printStack(interpreter, from: base, to: top) }
    }

    @inline(never)
    private mutating func printStack(_ interpreter: Interpreter, from base: Slot, to top: Slot) {
        var values: [[UInt8]] = []
        var slot = top
        while slot > base, values.count < EventRecorder.stackValues {
            slot -= 1
            values.append(interpreter.brief(slot.pointee))
        }
        recording.addStack(next - 1 - recording.records, values, height: max(0, top - base))
    }
}

extension Interpreter {
    /// A value for a trace. Containers are shown by their size, other values are cut to 64 bytes.
    fileprivate func brief(_ value: Value) -> [UInt8] {
        let value = value.dereferenced
        if value.isList { return Array("list[\(value.object.field)]".utf8) }
        if value.isAttributes { return Array("attrs[\(value.object.field)]".utf8) }
        if value.isKind(Kind.withLink) { return Array("with".utf8) }
        if value.isString, value.object.field > 64 { return Array("string[\(value.object.field)]".utf8) }
        return Array(ValuePrinter(self, .trace, limit: 64).print(value).prefix(255))
    }
}
