import NixBytecode

/// The loop's observer that checks every invariant before each instruction, as `MachineChecks` describes.
struct CheckingObserver: LoopObserver {
    private let interval: Int
    /// The number of instructions until everything reachable is checked again.
    private var countdown: Int
    private var collections = -1
    /// The instruction executed last, which is named as the one at fault.
    private var last: (chunk: Int, pc: UnsafePointer<UInt8>)?
    /// The builtin that this instruction ran without a frame.
    private var builtin: Int?
    private let codes = CodeMap()

    init(_ checks: MachineChecks) {
        interval = max(1, checks.wholeHeapInterval)
        countdown = interval
    }

    mutating func findsFault(_ interpreter: Interpreter, _ registers: borrowing Registers) -> Bool {
        let checker = HeapChecker(interpreter, copy registers, codes)
        countdown -= 1
        let collected = interpreter.state.pointee.heap.statistics.collections
        let isWhole = countdown <= 0 || collected != collections
        do throws(Violation) {
            try checker.checkStep()
            if isWhole { try checker.checkAll() }
        } catch {
            interpreter.machine.failure = failure(error, interpreter)
            return true
        }
        if isWhole { countdown = interval }
        collections = collected
        last = (registers.env.field, registers.pc)
        builtin = nil
        return false
    }

    /// Checks everything once more after the loop has ended. The result is nil if no invariant is violated.
    func finalFailure(_ interpreter: Interpreter) -> EvalFailure? {
        var registers = interpreter.state.pointee.registers
        // The loop ended within its last instruction, so `pc` may not be at the start of one.
        registers.pc = interpreter.stepCode(.end)
        do throws(Violation) {
            try HeapChecker(interpreter, registers, codes).checkAll()
            return nil
        } catch {
            return failure(error, interpreter)
        }
    }

    private func failure(_ violation: Violation, _ interpreter: Interpreter) -> EvalFailure {
        // The notes belong to a failure that was caught.
        interpreter.machine.notes.removeAll()
        let name =
            "invariant '\(violation.invariant.rawValue)' broken after \(instruction(interpreter)): \(violation.text)"
        let position = last.flatMap { interpreter.machine.sourcePosition(chunk: $0.chunk, pc: $0.pc) }
        return EvalFailure(kind: .internalError, message: Array(name.utf8), position: position)
    }

    /// The last instruction, or the builtin whose step it was.
    private func instruction(_ interpreter: Interpreter) -> String {
        guard let last else { return "the start" }
        if let index = interpreter.stepIndex(last.pc) {
            return "a step of '\(BuiltinTable.name(index))'"
        }
        let opcode = Opcode(rawValue: last.pc.pointee)
        let offset = last.pc - interpreter.state.pointee.chunks[last.chunk].code
        let call = builtin.map { " in '\(BuiltinTable.name($0))'" } ?? ""
        return "'\(opcode?.info.name ?? "no instruction")' at byte \(offset) of chunk \(last.chunk)\(call)"
    }

    mutating func executeOp(_ interpreter: Interpreter, _ registers: borrowing Registers) {}
    mutating func enterCallFrame(_ interpreter: Interpreter, _ registers: borrowing Registers, arguments: Int) {}
    mutating func enterBuiltinFrame(_ interpreter: Interpreter, _ index: Int) {}
    mutating func exitFrame(_ interpreter: Interpreter, _ registers: borrowing Registers) {}
    mutating func tailCall(_ interpreter: Interpreter, _ registers: borrowing Registers) {}
    mutating func tailCallBuiltin(_ interpreter: Interpreter, _ index: Int) {}
    mutating func ranBuiltin(_ interpreter: Interpreter, _ index: Int, _ step: Step) { builtin = index }
    mutating func carryOut(_ interpreter: Interpreter, _ step: Step) {}
}
