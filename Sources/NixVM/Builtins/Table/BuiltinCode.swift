import NixBytecode

/// Runs one step of a builtin.
typealias BuiltinStep = @Sendable (Interpreter) -> Step

/// Whether the first argument, forced, is what the builtin takes; false with `failure` set.
typealias EarlyCheck = @Sendable (Interpreter) -> Bool

/// What the interpreter runs: a builtin of the language, or a step of its own.
///
/// Code without slots is a function: its strict arguments are forced, then `step` runs once and answers `.done`, or asks
/// to force or collect and is run anew from the start. Code with slots has a frame: its base holds the arguments, then
/// the slots, which begin as null and keep its state from step to step; above them it may push.
///
/// Rules of a step: it calls `reserve` (or `reserveSlots`) before its first effect, once. It keeps no value in a Swift
/// variable across an answer. After `.call`, the result is at the top when the step runs again.
struct BuiltinCode: Sendable {
    let arity: Int
    /// Bit n: argument n is forced before a step runs.
    let strict: UInt8
    let role: BuiltinRole
    /// The slots of its frame; `noFrame` for a function.
    let slots: Int
    /// Says what is wrong with the first argument before a later one is forced.
    let early: EarlyCheck?
    let step: BuiltinStep

    static let noFrame = -1

    init(
        arity: Int, strict: UInt8 = 0, slots: Int, early: EarlyCheck? = nil, role: BuiltinRole = .ordinary,
        step: @escaping BuiltinStep
    ) {
        self.arity = arity
        self.strict = strict
        self.slots = slots
        self.early = early
        self.role = role
        self.step = step
    }

    /// A step of the interpreter's own with a frame whose words have names.
    init<Frame: BuiltinFrame>(arity: Int, frame _: Frame.Type, step: @escaping BuiltinStep) {
        self.init(arity: arity, slots: Frame.count - arity, step: step)
    }

    /// Values that every step may push without asking for room.
    static let slack = 64

    /// The instruction that runs a step of the code at an index of the table: eight bytes, of which it takes the first.
    static func instruction(_ index: Int) -> UInt64 {
        let operand = index < 0x80 ? index : 0x80 | (index & 0x3F) | (index >> 6) << 8
        return (UInt64(Opcode.step.rawValue) | UInt64(operand) << 8).littleEndian
    }
}

/// What the machine must know of a builtin to treat it apart from others.
enum BuiltinRole: UInt8, Sendable {
    case ordinary
    /// Its frame stops failures that can be caught (`tryEval`).
    case catchesFailures
    /// Its frame may evaluate a text before a failure leaves it (`addErrorContext`).
    case explainsFailures
    /// It is the order by which `sort` compares without calling it (`lessThan`).
    case naturalOrder
}

extension Interpreter {
    /// An argument of the builtin being run.
    @inline(__always)
    func argument(_ index: Int) -> Value { state.pointee.arguments[index] }
    @inline(__always)
    func argumentSlot(_ index: Int) -> Slot { state.pointee.arguments + index }
}
