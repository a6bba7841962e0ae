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

    mutating func findsFault(_ vm: VM, _ r: borrowing Registers) -> Bool {
        let checker = HeapChecker(vm, copy r, codes)
        countdown -= 1
        let collected = vm.s.pointee.heap.statistics.collections
        let isWhole = countdown <= 0 || collected != collections
        do throws(Violation) {
            try checker.checkStep()
            if isWhole { try checker.checkAll() }
        } catch {
            vm.machine.failure = failure(error, vm)
            return true
        }
        if isWhole { countdown = interval }
        collections = collected
        last = (r.env.field, r.pc)
        builtin = nil
        return false
    }

    /// Looks at everything once more when the loop has ended; nil when all is well.
    func finalFailure(_ vm: VM) -> EvalFailure? {
        var r = vm.s.pointee.r
        // The loop ended within its last instruction.
        r.pc = vm.stepCode(0)
        do throws(Violation) {
            try HeapChecker(vm, r, codes).checkAll()
            return nil
        } catch {
            return failure(error, vm)
        }
    }

    private func failure(_ violation: Violation, _ vm: VM) -> EvalFailure {
        // What was noted belongs to a failure that was caught.
        vm.machine.notes.removeAll()
        let name = "invariant '\(violation.invariant.rawValue)' broken after \(instruction(vm)): \(violation.text)"
        let position = last.flatMap { vm.machine.sourcePosition(chunk: $0.chunk, pc: $0.pc) }
        return EvalFailure(kind: .internalError, message: Array(name.utf8), position: position)
    }

    /// Names the last instruction, or the builtin whose step it was.
    private func instruction(_ vm: VM) -> String {
        guard let last else { return "the start" }
        if let index = vm.stepIndex(last.pc) { return "a step of '\(vm.machine.builtinNames[index])'" }
        let opcode = Opcode(rawValue: last.pc.pointee)
        let offset = last.pc - vm.s.pointee.chunks[last.chunk].code
        let call = builtin.map { " in '\(vm.machine.builtinNames[$0])'" } ?? ""
        return "'\(opcode?.info.name ?? "no instruction")' at byte \(offset) of chunk \(last.chunk)\(call)"
    }

    mutating func executeOp(_ vm: VM, _ r: borrowing Registers) {}
    mutating func enterCallFrame(_ vm: VM, _ r: borrowing Registers, arguments: Int) {}
    mutating func enterBuiltinFrame(_ vm: VM, _ index: Int) {}
    mutating func exitFrame(_ vm: VM, _ r: borrowing Registers) {}
    mutating func tailCall(_ vm: VM, _ r: borrowing Registers) {}
    mutating func tailCallBuiltin(_ vm: VM, _ index: Int) {}
    mutating func ranBuiltin(_ vm: VM, _ index: Int, _ step: Step) { builtin = index }
    mutating func carryOut(_ vm: VM, _ step: Step) {}
}
