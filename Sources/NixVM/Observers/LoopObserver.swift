/// Hooks of the loop. An empty hook costs nothing, because the loop is specialized for its observer.
///
/// The registers that are passed are the current ones. Hooks of builtins find them stored in the state.
protocol LoopObserver {
    /// Called before an instruction. If it returns true, the loop ends at once because the machine's state is corrupt,
    /// and `failure` is set.
    mutating func findsFault(_ interpreter: Interpreter, _ registers: borrowing Registers) -> Bool
    /// Called before an instruction.
    mutating func executeOp(_ interpreter: Interpreter, _ registers: borrowing Registers)
    /// Called after a frame for a chunk was pushed.
    mutating func enterCallFrame(_ interpreter: Interpreter, _ registers: borrowing Registers, arguments: Int)
    /// Called after a frame for a builtin was pushed.
    mutating func enterBuiltinFrame(_ interpreter: Interpreter, _ index: Int)
    /// Called before a frame of either kind is popped.
    mutating func exitFrame(_ interpreter: Interpreter, _ registers: borrowing Registers)
    /// Called after a tail call replaced the function of the current frame.
    mutating func tailCall(_ interpreter: Interpreter, _ registers: borrowing Registers)
    mutating func tailCallBuiltin(_ interpreter: Interpreter, _ index: Int)
    /// Called after a builtin ran without a frame.
    mutating func ranBuiltin(_ interpreter: Interpreter, _ index: Int, _ step: Step)
    /// Called before a step other than `.next` is carried out.
    mutating func carryOut(_ interpreter: Interpreter, _ step: Step)
}

extension LoopObserver {
    @inline(__always) mutating func findsFault(_ interpreter: Interpreter, _ registers: borrowing Registers) -> Bool {
        false
    }
}

/// The loop's observer when nothing is observed.
struct NoObserver: LoopObserver {
    @inline(__always) mutating func executeOp(_ interpreter: Interpreter, _ registers: borrowing Registers) {}
    @inline(__always) mutating func enterCallFrame(
        _ interpreter: Interpreter, _ registers: borrowing Registers, arguments: Int
    ) {}
    @inline(__always) mutating func enterBuiltinFrame(_ interpreter: Interpreter, _ index: Int) {}
    @inline(__always) mutating func exitFrame(_ interpreter: Interpreter, _ registers: borrowing Registers) {}
    @inline(__always) mutating func tailCall(_ interpreter: Interpreter, _ registers: borrowing Registers) {}
    @inline(__always) mutating func tailCallBuiltin(_ interpreter: Interpreter, _ index: Int) {}
    @inline(__always) mutating func ranBuiltin(_ interpreter: Interpreter, _ index: Int, _ step: Step) {}
    @inline(__always) mutating func carryOut(_ interpreter: Interpreter, _ step: Step) {}
}
