import NixBytecode

/// The loop's observer that looks whether every invariant holds before each instruction: see `MachineChecks`.
struct CheckingObserver: LoopObserver {
    private let interval: Int
    /// Instructions until everything reachable is checked again.
    private var countdown: Int
    private var collections = -1
    /// The instruction executed last, to be named as the one at fault.
    private var last: (chunk: Int, pc: UnsafePointer<UInt8>)?
    /// The builtin that it ran within itself.
    private var builtin: Int?
    private let codes = CodeMap()

    init(_ checks: MachineChecks) {
        interval = max(1, checks.wholeHeapInterval)
        countdown = interval
    }

    mutating func findsFault(_ interpreter: Interpreter, _ r: borrowing Registers) -> Bool {
        let checker = HeapChecker(interpreter, copy r, codes)
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
        last = (r.env.field, r.pc)
        builtin = nil
        return false
    }

    /// Looks at everything once more when the loop has ended; nil when all is well.
    func finalFailure(_ interpreter: Interpreter) -> EvalFailure? {
        var r = interpreter.state.pointee.r
        // The loop ended within its last instruction.
        r.pc = interpreter.stepCode(.end)
        do throws(Violation) {
            try HeapChecker(interpreter, r, codes).checkAll()
            return nil
        } catch {
            return failure(error, interpreter)
        }
    }

    private func failure(_ violation: Violation, _ interpreter: Interpreter) -> EvalFailure {
        // What was noted belongs to a failure that was caught.
        interpreter.machine.notes.removeAll()
        let name =
            "invariant '\(violation.invariant.rawValue)' broken after \(instruction(interpreter)): \(violation.text)"
        let position = last.flatMap { interpreter.machine.sourcePosition(chunk: $0.chunk, pc: $0.pc) }
        return EvalFailure(kind: .internalError, message: Array(name.utf8), position: position)
    }

    /// Names the last instruction, or the builtin whose step it was.
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

    mutating func executeOp(_ interpreter: Interpreter, _ r: borrowing Registers) {}
    mutating func enterCallFrame(_ interpreter: Interpreter, _ r: borrowing Registers, arguments: Int) {}
    mutating func enterBuiltinFrame(_ interpreter: Interpreter, _ index: Int) {}
    mutating func exitFrame(_ interpreter: Interpreter, _ r: borrowing Registers) {}
    mutating func tailCall(_ interpreter: Interpreter, _ r: borrowing Registers) {}
    mutating func tailCallBuiltin(_ interpreter: Interpreter, _ index: Int) {}
    mutating func ranBuiltin(_ interpreter: Interpreter, _ index: Int, _ step: Step) { builtin = index }
    mutating func carryOut(_ interpreter: Interpreter, _ step: Step) {}
}
