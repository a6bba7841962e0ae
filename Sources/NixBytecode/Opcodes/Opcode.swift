/// The instructions of the machine. An instruction is an opcode byte, followed by its operands.
///
/// Raw values are dense from zero, so that dispatch is one jump table. The order is part of the program format: new
/// opcodes are appended. `Opcode.table` has the operands, stack effect and documentation of each.
///
/// A stack picture shows the stack before and after the instruction, with the top at the right. `v` is any value,
/// possibly a thunk. If an instruction needs a forced operand, the machine forces it and then runs the instruction
/// again.
public enum Opcode: UInt8, CaseIterable, Sendable {
    // Constants
    case constant, integer, null, `true`, `false`
    // Stack
    case pop, closeScope
    // Variables
    case getLocal, getLocalForce, getUpvalue, getUpvalueForce, force
    // Closures and thunks
    case closure, thunk, lazySelect, finalise, unpackFormals
    // Dynamic scope
    case pushWith, resolveWith
    // Attribute sets
    case attributes, dynamicAttributes, update, select, selectDynamic, selectOr, selectOrDynamic
    case hasAttribute, hasAttributeDynamic
    // Lists
    case list, concatenate
    // Strings and paths
    case interpolate, interpolatePath, coerceToString, homePath
    // Arithmetic
    case add, subtract, multiply, divide, negate
    // Comparison
    case equal, less, lessOrEqual, greater, greaterOrEqual
    // Booleans and jumps
    case invert, assertBool, jump, jumpIfFalse, jumpIfTrue, and, or
    // Failure and position
    case assertFail, currentPosition
    // Calls
    case call, tailCall, `return`
    // Superinstructions, which combine a frequent pair of instructions.
    case addInteger, subtractInteger, equalInteger, lessInteger
    case getLocalSelect, getUpvalueSelect, assertEqual
    // Evaluation in place of a thunk
    case attempt
    // Internal to the machine. Programs may not contain it.
    case step
}

extension Opcode {
    /// Whether only the machine, never a program, contains the instruction.
    public var isInternal: Bool { self == .step }
}
