import NixBytecode

/// The loop's observer that counts what code does, for `--stats`.
///
/// An instruction that must wait runs again when it can go on: it is counted once it was not interrupted.
struct WorkCounter: LoopObserver {
    /// The instruction counted last, to be taken back if it did not go through.
    private var pending = Opcode.pop
    private var pendingElements = 0

    mutating func executeOp(_ vm: VM, _ r: borrowing Registers) {
        let opcode = UnsafeRawPointer(r.pc).load(as: Opcode.self)
        pending = opcode
        pendingElements = 0
        switch opcode {
        case .thunk, .closure, .list, .attributes: pendingElements = elements(r, opcode)
        default: break
        }
        count(vm, by: 1)
    }

    mutating func enterCallFrame(_ vm: VM, _ r: borrowing Registers, arguments: Int) {
        vm.s.pointee.counters.calls &+= arguments
        if arguments > 0 { return }
        vm.s.pointee.counters.forces &+= 1
        // The frame was entered in the midst of the instruction, which runs again.
        if (r.fp - 1).pointee.update & 3 == FrameMode.updateAndRetry { takeBack(vm) }
    }

    mutating func tailCall(_ vm: VM, _ r: borrowing Registers) {
        vm.s.pointee.counters.calls &+= Int(vm.s.pointee.chunks[r.env.field].arity)
    }

    mutating func carryOut(_ vm: VM, _ step: Step) {
        switch step {
        case .collect, .force, .suspend, .error: takeBack(vm)
        default: break
        }
    }

    mutating func enterBuiltinFrame(_ vm: VM, _ index: Int) {}
    mutating func exitFrame(_ vm: VM, _ r: borrowing Registers) {}
    mutating func tailCallBuiltin(_ vm: VM, _ index: Int) {}
    mutating func ranBuiltin(_ vm: VM, _ index: Int, _ step: Step) {}

    /// How many values the object holds that an instruction is about to make.
    private func elements(_ r: borrowing Registers, _ opcode: Opcode) -> Int {
        var pc = r.pc + 1
        let first = operand(&pc)
        switch opcode {
        case .list: return first
        case .attributes: return r.tables.pointee.shapes[first].count
        default:
            let packed = operand(&pc)
            return packed &>> 1 &+ packed & 1
        }
    }

    private mutating func takeBack(_ vm: VM) {
        count(vm, by: -1)
        pending = .pop
    }

    private func count(_ vm: VM, by sign: Int) {
        switch pending {
        case .thunk, .closure:
            if pending == .thunk { vm.s.pointee.counters.thunks &+= sign }
            vm.s.pointee.counters.environments &+= sign
            vm.s.pointee.counters.captures &+= sign &* pendingElements
        case .list where pendingElements > 0:
            vm.s.pointee.counters.lists &+= sign
            vm.s.pointee.counters.listElements &+= sign &* pendingElements
        case .attributes:
            vm.s.pointee.counters.sets &+= sign
            vm.s.pointee.counters.setElements &+= sign &* pendingElements
        case .select, .selectOr, .selectDynamic, .selectOrDynamic, .getLocalSelect, .getUpvalueSelect:
            vm.s.pointee.counters.lookups &+= sign
        default: break
        }
    }
}
