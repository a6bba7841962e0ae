import NixBytecode

/// The loop's observer that counts what code does, for `--stats`.
///
/// An instruction that waits runs again later. It is counted only when it completes.
struct WorkCounter: LoopObserver {
    /// The instruction counted last, whose count is undone if it does not complete.
    private var pending = Opcode.pop
    private var pendingElements = 0

    mutating func executeOp(_ interpreter: Interpreter, _ registers: borrowing Registers) {
        let opcode = UnsafeRawPointer(registers.pc).load(as: Opcode.self)
        pending = opcode
        pendingElements = 0
        switch opcode {
        case .thunk, .closure, .list, .attributes: pendingElements = elements(registers, opcode)
        default: break
        }
        count(interpreter, by: 1)
    }

    mutating func enterCallFrame(_ interpreter: Interpreter, _ registers: borrowing Registers, arguments: Int) {
        interpreter.state.pointee.counters.calls &+= arguments
        if arguments > 0 { return }
        interpreter.state.pointee.counters.forces &+= 1
        // The frame interrupted the instruction, which runs again.
        if (registers.fp - 1).pointee.update & 3 == FrameMode.updateAndRetry { takeBack(interpreter) }
    }

    mutating func tailCall(_ interpreter: Interpreter, _ registers: borrowing Registers) {
        interpreter.state.pointee.counters.calls &+= Int(interpreter.state.pointee.chunks[registers.env.field].arity)
    }

    mutating func carryOut(_ interpreter: Interpreter, _ step: Step) {
        switch step {
        case .collect, .force, .suspend, .error: takeBack(interpreter)
        default: break
        }
    }

    mutating func enterBuiltinFrame(_ interpreter: Interpreter, _ index: Int) {}
    mutating func exitFrame(_ interpreter: Interpreter, _ registers: borrowing Registers) {}
    mutating func tailCallBuiltin(_ interpreter: Interpreter, _ index: Int) {}
    mutating func ranBuiltin(_ interpreter: Interpreter, _ index: Int, _ step: Step) {}

    /// The number of values in the object that an instruction is about to make.
    private func elements(_ registers: borrowing Registers, _ opcode: Opcode) -> Int {
        var pc = registers.pc + 1
        let first = operand(&pc)
        switch opcode {
        case .list: return first
        case .attributes: return registers.tables.pointee.shapes[first].count
        default:
            let packed = operand(&pc)
            return packed &>> 1 &+ packed & 1
        }
    }

    private mutating func takeBack(_ interpreter: Interpreter) {
        count(interpreter, by: -1)
        pending = .pop
    }

    private func count(_ interpreter: Interpreter, by sign: Int) {
        switch pending {
        case .thunk, .closure:
            if pending == .thunk { interpreter.state.pointee.counters.thunks &+= sign }
            interpreter.state.pointee.counters.environments &+= sign
            interpreter.state.pointee.counters.captures &+= sign &* pendingElements
        case .list where pendingElements > 0:
            interpreter.state.pointee.counters.lists &+= sign
            interpreter.state.pointee.counters.listElements &+= sign &* pendingElements
        case .attributes:
            interpreter.state.pointee.counters.sets &+= sign
            interpreter.state.pointee.counters.setElements &+= sign &* pendingElements
        case .select, .selectOr, .selectDynamic, .selectOrDynamic, .getLocalSelect, .getUpvalueSelect:
            interpreter.state.pointee.counters.lookups &+= sign
        default: break
        }
    }
}
