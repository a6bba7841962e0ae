/// Hooks of the loop. Empty ones vanish when the loop is specialised.
///
/// The registers passed are those at the event; builtins' hooks find them stored.
protocol LoopObserver {
    /// Before an instruction: whether the loop must end at once, because the machine's state is not as it should be.
    /// `failure` of the host is set then.
    mutating func findsFault(_ interpreter: Interpreter, _ r: borrowing Registers) -> Bool
    /// Before an instruction.
    mutating func executeOp(_ interpreter: Interpreter, _ r: borrowing Registers)
    /// After a frame for a chunk was pushed.
    mutating func enterCallFrame(_ interpreter: Interpreter, _ r: borrowing Registers, arguments: Int)
    /// After a frame for a builtin was pushed.
    mutating func enterBuiltinFrame(_ interpreter: Interpreter, _ index: Int)
    /// Before a frame of either kind is popped.
    mutating func exitFrame(_ interpreter: Interpreter, _ r: borrowing Registers)
    /// After the current frame went on with another function.
    mutating func tailCall(_ interpreter: Interpreter, _ r: borrowing Registers)
    mutating func tailCallBuiltin(_ interpreter: Interpreter, _ index: Int)
    /// After a builtin without a frame ran.
    mutating func ranBuiltin(_ interpreter: Interpreter, _ index: Int, _ step: Step)
    /// Before a step that is not `.next` is carried out.
    mutating func carryOut(_ interpreter: Interpreter, _ step: Step)
}

extension LoopObserver {
    @inline(__always) mutating func findsFault(_ interpreter: Interpreter, _ r: borrowing Registers) -> Bool { false }
}

/// The loop's observer when nobody listens.
struct NoObserver: LoopObserver {
    @inline(__always) mutating func executeOp(_ interpreter: Interpreter, _ r: borrowing Registers) {}
    @inline(__always) mutating func enterCallFrame(_ interpreter: Interpreter, _ r: borrowing Registers, arguments: Int)
    {}
    @inline(__always) mutating func enterBuiltinFrame(_ interpreter: Interpreter, _ index: Int) {}
    @inline(__always) mutating func exitFrame(_ interpreter: Interpreter, _ r: borrowing Registers) {}
    @inline(__always) mutating func tailCall(_ interpreter: Interpreter, _ r: borrowing Registers) {}
    @inline(__always) mutating func tailCallBuiltin(_ interpreter: Interpreter, _ index: Int) {}
    @inline(__always) mutating func ranBuiltin(_ interpreter: Interpreter, _ index: Int, _ step: Step) {}
    @inline(__always) mutating func carryOut(_ interpreter: Interpreter, _ step: Step) {}
}
