/// The instructions of the machine. Each is one byte, followed by its operands in the byte stream.
///
/// Raw values are dense from zero, so that dispatch is one jump table. The order is part of the program format:
/// append, never reorder. Operands, stack effects and documentation of each are in `Opcode.table`.
///
/// Pictures show the stack before and after, its top at the right. `v` is any value, possibly a thunk; the
/// machine forces an operand whose type an instruction needs, then runs the instruction anew.
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
    // Superinstructions: one byte for what a common pair does, with the effect of the pair.
    case addInteger, subtractInteger, equalInteger, lessInteger
    case getLocalSelect, getUpvalueSelect, assertEqual
    // Internal to the machine: no program may contain it.
    case step
}

extension Opcode {
    /// Whether only the machine makes the instruction, never a program.
    public var isInternal: Bool { self == .step }
}
