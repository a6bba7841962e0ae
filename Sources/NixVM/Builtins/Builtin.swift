import NixBytecode

/// One row of the machine's table of builtins.
///
/// A builtin without slots is a function: its strict arguments are forced, then `step` runs once and answers `.done`,
/// or asks to force or collect and is run anew from the start. A builtin with slots has a frame: its base holds the
/// arguments, then the slots, which begin as null and keep its state from step to step; above them it may push.
///
/// Rules of a step: call `reserve` (or `reserveSlots`) before the first effect, once; keep nothing in a Swift variable
/// across an answer; after `.call` the result is at the top when the step runs again.
struct Builtin {
    var arity: Int
    /// Bit n: argument n is forced before a step runs.
    var strict: UInt8
    /// -1 for a function; else the slots of its frame.
    var slots: Int
    /// What is wrong with the first argument is said before a later one is forced.
    var early: EarlyCheck?
    var step: @Sendable (Interpreter) -> Step

    init(_ definition: BuiltinDefinition) {
        arity = definition.arity
        strict = definition.strict.reduce(0) { $0 | 1 << UInt8($1) }
        slots = definition.slots
        early = definition.early
        step = definition.step
    }

    /// The code that runs one step of a builtin: eight bytes, of which the instruction takes the first.
    static func stepCode(_ index: Int) -> [UInt8] {
        let operand = index < 0x80 ? [UInt8(index)] : [0x80 | UInt8(index & 0x3F), UInt8(index >> 6)]
        let code = [Opcode.step.rawValue] + operand
        return code + [UInt8](repeating: 0, count: 8 - code.count)
    }

    /// Room for values that every step may push without asking.
    static let slack = 64

    // Internal builtins, first in the table. Index 0 ends the loop.
    static let apply = 1
    static let applyRest = 2
    static let equalDeep = 3
    static let equalNested = 4
    static let lessThanDeep = 5
    static let addCoerced = 6
    static let coerce = 7
    static let makeCode = 8
    static let deepForce = 9
    static let writeXML = 10
    /// A frame that only forces what a builtin answered.
    static let returnForced = 11
}

/// Whether the first argument, forced, is what the builtin takes; false with `failure` set.
typealias EarlyCheck = @Sendable (Interpreter) -> Bool

/// A builtin as it is declared: one row of a family's list.
struct BuiltinDefinition: Sendable {
    var name: StaticString
    var arity: Int
    /// Which arguments are forced before the first step.
    var strict: [Int]
    var slots: Int
    var early: EarlyCheck?
    /// Whether it is a variable of the global scope under its plain name.
    var isGlobal: Bool
    var step: @Sendable (Interpreter) -> Step

    /// A builtin that answers at once.
    static func function(
        _ name: StaticString, _ arity: Int, strict: [Int]? = nil, global: Bool = false, early: EarlyCheck? = nil,
        _ step: @escaping @Sendable (Interpreter) -> Step
    ) -> BuiltinDefinition {
        BuiltinDefinition(
            name: name, arity: arity, strict: strict ?? Array(0..<arity), slots: -1, early: early, isGlobal: global,
            step: step)
    }

    /// A builtin that calls, or forces more than its arguments: it has a frame with so many slots.
    static func frame(
        _ name: StaticString, _ arity: Int, strict: [Int]? = nil, slots: Int, global: Bool = false,
        early: EarlyCheck? = nil, _ step: @escaping @Sendable (Interpreter) -> Step
    ) -> BuiltinDefinition {
        BuiltinDefinition(
            name: name, arity: arity, strict: strict ?? Array(0..<arity), slots: slots, early: early, isGlobal: global,
            step: step)
    }
}

extension Interpreter {
    /// An argument of the builtin being run.
    @inline(__always)
    func argument(_ index: Int) -> Value { state.pointee.arguments[index] }
    @inline(__always)
    func argumentSlot(_ index: Int) -> Slot { state.pointee.arguments + index }
}
