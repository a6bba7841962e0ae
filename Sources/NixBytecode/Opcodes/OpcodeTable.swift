/// The encoding of an operand, and what it must refer to.
public enum Operand: Sendable, Equatable {
    /// vu128: an index in the program's constant pool.
    case constant
    /// vu128 of the zigzag form of a signed 61-bit integer.
    case signed
    /// vu128: a number of values on the stack.
    case count
    /// vu128: a slot, relative to the frame's base, below the current height.
    case slot
    /// vu128: an index among the chunk's upvalues.
    case upvalue
    /// vu128: the index of a chunk, greater than that of the chunk with the instruction.
    case chunk
    /// vu128: an index in the program's symbols.
    case symbol
    /// vu128: an index in the program's shapes.
    case shape
    /// vu128: an index in the program's formals.
    case formals
    /// vu128: a `Position`. Only `pushWith` allows the kind `none`.
    case position
    /// vu128 of twice the number of captures, plus one if a `with` chain follows; the positions; the position of the
    /// chain.
    case captures
    /// vu128 number of pairs; for each pair, vu128 capture index and vu128 slot.
    case deferred
    /// Four bytes, little-endian: the distance forward from the end of the operand.
    case jump
    /// One byte: a `Coercion`.
    case coercion
}

/// The effect of an instruction on the stack height along one edge of the control flow graph.
public enum StackEffect: Sendable, Equatable {
    /// Pops `pops` values, then pushes `pushes`.
    case fixed(pops: Int, pushes: Int)
    /// Pops `multiplier` values for each unit of the count operand and `plus` more, then pushes one.
    case counted(multiplier: Int, plus: Int)
    /// Pops as many values as the shape operand has names, then pushes one.
    case shape
    /// Pops nothing, then pushes one value for each formal.
    case formals
    /// Pops `pops` values, and `multiplier` more for each unit of the count operand. No instruction follows along this
    /// edge.
    case ends(pops: Int, multiplier: Int = 0)
}

/// The table row of an opcode.
public struct OpcodeInfo: Sendable {
    public var opcode: Opcode
    public var name: String
    public var operands: [Operand]
    /// The smallest count operand; 0 if there is no count operand. A call without arguments, a string without parts and
    /// an empty addition of attributes have no meaning.
    public var minimumCount: Int
    /// The effect along the edge to the next instruction.
    public var next: StackEffect
    /// The effect along the edge to the jump target; nil without a jump operand.
    public var taken: StackEffect?
    /// The stack before and after, as `before -- after`.
    public var picture: String
    public var documentation: String
    /// The properties that backtraces depend on.
    public var traits: OpcodeTraits
}

/// Properties of opcodes that decide which expression of the source a backtrace shows for an instruction.
public struct OpcodeTraits: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The instruction is an addition, whose span is that of the right operand.
    public static let addition = OpcodeTraits(rawValue: 1)
    /// The instruction requires a boolean.
    public static let booleanTest = OpcodeTraits(rawValue: 2)
    /// The instruction selects an attribute.
    public static let selection = OpcodeTraits(rawValue: 4)
    /// The attribute's name is on the stack, and the span is that of the name.
    public static let computedName = OpcodeTraits(rawValue: 8)
}

extension Opcode {
    /// One row for each opcode, indexed by raw value.
    public static let table: [OpcodeInfo] = [
        row(.constant, [.constant], 0, 1, "-- c", "Pushes a constant."),
        row(.integer, [.signed], 0, 1, "-- n", "Pushes a small integer."),
        row(.null, [], 0, 1, "-- null", "Pushes null."),
        row(.true, [], 0, 1, "-- true", "Pushes true."),
        row(.false, [], 0, 1, "-- false", "Pushes false."),
        row(.pop, [], 1, 0, "v --", "Drops the top of the stack."),
        row(
            .closeScope, [.count], next: .counted(multiplier: 1, plus: 1), "v1..vn r -- r",
            "Drops the n locals below the result."),
        row(.getLocal, [.slot], 0, 1, "-- v", "Pushes the local in a slot without forcing it."),
        row(
            .getLocalForce, [.slot], 0, 1, "-- w",
            "Pushes the local in a slot, forced. The slot then holds the forced value."),
        row(.getUpvalue, [.upvalue], 0, 1, "-- v", "Pushes an upvalue without forcing it."),
        row(
            .getUpvalueForce, [.upvalue], 0, 1, "-- w",
            "Pushes an upvalue, forced. The closure then holds the forced value."),
        row(.force, [], 1, 1, "v -- w", "Forces the top of the stack."),
        row(.closure, [.chunk, .captures], 0, 1, "-- f", "Makes a closure of a lambda chunk and its captures."),
        row(.thunk, [.chunk, .captures], 0, 1, "-- t", "Makes a thunk of a thunk chunk and its captures."),
        row(
            .lazySelect, [.symbol, .chunk], 1, 1, "v -- v'",
            "If v is a forced set with the attribute, and that is neither a thunk nor a function, pushes the "
                + "attribute; otherwise a thunk of the chunk, with v as its only upvalue. The chunk must select the "
                + "symbol from its upvalue. A function needs a thunk of its own, because functions in containers are "
                + "only equal if they are the same value."),
        row(
            .finalise, [.slot, .deferred], 0, 0, "--",
            "Sets the deferred captures of the closure or thunk in a slot: each pair is a capture index and the "
                + "slot whose value the capture receives."),
        row(
            .unpackFormals, [.slot, .formals], next: .formals, "-- v1..vn",
            "Forces the argument in a slot, checks it against the formals, and pushes one value for each formal: "
                + "the attribute or the default. Captures of defaults are read after all values are pushed."),
        row(
            .pushWith, [.position], 1, 1, "v -- w",
            "Makes a link of the `with` chain from v and the chain at the position, which is `none` for the "
                + "outermost link."),
        row(
            .resolveWith, [.position, .symbol], 0, 1, "-- w",
            "Looks a name up in the `with` chain at the position, innermost scope first, and forces the value."),
        row(
            .attributes, [.shape], next: .shape, "v1..vn -- s",
            "Makes a set of values, which are in the order of the shape's names."),
        row(
            .dynamicAttributes, [.count], minimum: 1, next: .counted(multiplier: 2, plus: 1), "s k1 v1..kn vn -- s'",
            "Adds attributes with computed names to a set. A null name adds nothing; a name that exists already "
                + "is an error."),
        row(.update, [], 2, 1, "a b -- s", "`a // b`."),
        row(.select, [.symbol], 1, 1, "s -- w", "Selects an attribute and forces it.", .selection),
        row(
            .selectDynamic, [], 2, 1, "s k -- w", "Selects the attribute with a computed name and forces it.",
            [.selection, .computedName]),
        row(
            .selectOr, [.symbol, .jump], 1, 1, taken: (1, 0), "s -- w, jump: s --",
            "Selects an attribute and forces it. Jumps if s is not a set or lacks the attribute.", .selection),
        row(
            .selectOrDynamic, [.jump], 2, 1, taken: (2, 0), "s k -- w, jump: s k --",
            "Like `selectOr`, with a computed name.", [.selection, .computedName]),
        row(.hasAttribute, [.symbol], 1, 1, "v -- b", "Tests whether v is a set with the attribute."),
        row(.hasAttributeDynamic, [], 2, 1, "v k -- b", "Like `hasAttribute`, with a computed name."),
        row(.list, [.count], next: .counted(multiplier: 1, plus: 0), "v1..vn -- l", "Makes a list of n values."),
        row(.concatenate, [], 2, 1, "a b -- l", "`a ++ b`."),
        row(
            .interpolate, [.count], minimum: 1, next: .counted(multiplier: 1, plus: 0), "s1..sn -- s",
            "Concatenates strings and merges their contexts."),
        row(
            .interpolatePath, [.count], minimum: 1, next: .counted(multiplier: 1, plus: 0), "p s2..sn -- p'",
            "Appends strings to a path and canonicalises the result."),
        row(
            .coerceToString, [.coercion], 1, 1, "v -- s",
            "Coerces a value to a string, using `outPath` and `__toString`."),
        row(
            .homePath, [.constant], 0, 1, "-- p", "Pushes the path of a string constant relative to the home directory."
        ),
        row(.add, [], 2, 1, "a b -- v", "`a + b` for numbers, strings and paths.", .addition),
        row(.subtract, [], 2, 1, "a b -- n", "`a - b`."),
        row(.multiply, [], 2, 1, "a b -- n", "`a * b`."),
        row(.divide, [], 2, 1, "a b -- n", "`a / b`."),
        row(.negate, [], 1, 1, "a -- n", "`-a`."),
        row(.equal, [], 2, 1, "a b -- b", "`a == b`, forcing the values that are compared."),
        row(.less, [], 2, 1, "a b -- b", "`a < b`."),
        row(.lessOrEqual, [], 2, 1, "a b -- b", "`a <= b`."),
        row(.greater, [], 2, 1, "a b -- b", "`a > b`."),
        row(.greaterOrEqual, [], 2, 1, "a b -- b", "`a >= b`."),
        row(.invert, [], 1, 1, "b -- b", "`!b`.", .booleanTest),
        row(
            .assertBool, [], 1, 1, "v -- b", "Forces the top of the stack, and fails unless it is a boolean.",
            .booleanTest),
        row(.jump, [.jump], next: .ends(pops: 0), taken: .fixed(pops: 0, pushes: 0), "jump: --", "Jumps."),
        row(
            .jumpIfFalse, [.jump], 1, 0, taken: (1, 0), "b --, jump: b --", "Pops a boolean and jumps if it is false.",
            .booleanTest),
        row(
            .jumpIfTrue, [.jump], 1, 0, taken: (1, 0), "b --, jump: b --", "Pops a boolean and jumps if it is true.",
            .booleanTest),
        row(
            .and, [.jump], 1, 0, taken: (1, 1), "b --, jump: b -- b",
            "Jumps if the boolean is false, and then keeps it; otherwise pops it.", .booleanTest),
        row(
            .or, [.jump], 1, 0, taken: (1, 1), "b --, jump: b -- b",
            "Jumps if the boolean is true, and then keeps it; otherwise pops it.", .booleanTest),
        row(
            .assertFail, [.constant], next: .ends(pops: 0), "--",
            "Fails with an assertion error whose text is the string constant."),
        row(
            .currentPosition, [], 0, 1, "-- s", "`__curPos`: pushes the set of the instruction's file, line and column."
        ),
        row(
            .call, [.count], minimum: 1, next: .counted(multiplier: 1, plus: 1), "f a1..an -- w",
            "Calls f with n arguments. The result is forced."),
        row(
            .tailCall, [.count], minimum: 1, next: .ends(pops: 1, multiplier: 1), "f a1..an --",
            "Like `call`, in place of the current frame."),
        row(
            .return, [], next: .ends(pops: 1), "w --",
            "Leaves the frame with the forced top of the stack as its result. A function that a thunk returns is "
                + "a new value, unless the thunk's code is only `getUpvalue` and `return`; functions in containers are "
                + "only equal if they are the same value."),
        row(.addInteger, [.signed], 1, 1, "a -- v", "`a + n`.", .addition),
        row(.subtractInteger, [.signed], 1, 1, "a -- n", "`a - n`."),
        row(.equalInteger, [.signed], 1, 1, "a -- b", "`a == n`."),
        row(.lessInteger, [.signed], 1, 1, "a -- b", "`a < n`."),
        row(.getLocalSelect, [.slot, .symbol], 0, 1, "-- w", "`getLocalForce`, then `select`.", .selection),
        row(.getUpvalueSelect, [.upvalue, .symbol], 0, 1, "-- w", "`getUpvalueForce`, then `select`.", .selection),
        row(
            .assertEqual, [.constant], 2, 1, "a b -- true",
            "`a == b`. If the values differ, fails with an assertion error whose text is the string constant, "
                + "and which shows the difference."),
        row(
            .attempt, [.jump], 0, 0, taken: (0, 0), "--, jump: --",
            "Runs the code up to the jump target at once, if it needs nothing but values that are forced: constants, "
                + "variables, selections of attributes that exist, arithmetic on integers of 61 bits, comparisons of "
                + "these, equality of immediate values and short strings, and tests of booleans. The code leaves by a "
                + "jump to the target or beyond. If an instruction would force, fail, call or allocate, the stack is as "
                + "before, and the machine jumps to the target, where the compiler puts the thunk of the same "
                + "expression."),
        row(
            .step, [.count], next: .ends(pops: 0), "--",
            "Internal: runs one step of a builtin's frame. The verifier rejects it as an unknown opcode."),
    ]

    /// The table row of the opcode.
    public var info: OpcodeInfo { Opcode.table[Int(rawValue)] }

    private static func row(
        _ opcode: Opcode, _ operands: [Operand], _ pops: Int, _ pushes: Int, taken: (Int, Int)? = nil,
        _ picture: String, _ documentation: String, _ traits: OpcodeTraits = []
    ) -> OpcodeInfo {
        row(
            opcode, operands, next: .fixed(pops: pops, pushes: pushes),
            taken: taken.map { .fixed(pops: $0.0, pushes: $0.1) }, picture, documentation, traits)
    }

    private static func row(
        _ opcode: Opcode, _ operands: [Operand], minimum: Int = 0, next: StackEffect, taken: StackEffect? = nil,
        _ picture: String, _ documentation: String, _ traits: OpcodeTraits = []
    ) -> OpcodeInfo {
        OpcodeInfo(
            opcode: opcode, name: "\(opcode)", operands: operands, minimumCount: minimum, next: next, taken: taken,
            picture: picture, documentation: documentation, traits: traits)
    }
}
