/// How one operand is laid out and what it must refer to.
public enum Operand: Sendable, Equatable {
    /// vu128: index into the program's constants.
    case constant
    /// vu128 of the zigzag form of a signed 61-bit integer.
    case signed
    /// vu128: number of values on the stack.
    case count
    /// vu128: slot relative to the frame's base, below the current height.
    case slot
    /// vu128: index among the chunk's upvalues.
    case upvalue
    /// vu128: index of a chunk, greater than the index of the chunk that holds the instruction.
    case chunk
    /// vu128: index into the program's symbols.
    case symbol
    /// vu128: index into the program's shapes.
    case shape
    /// vu128: index into the program's formals.
    case formals
    /// vu128: one `Position`; of kind `none` only where the table says so.
    case position
    /// vu128 count with the `with` bit, then so many positions, then one more for the `with` chain if the bit is set.
    case captures
    /// vu128 count of pairs, then for each pair vu128 capture index and vu128 slot.
    case deferred
    /// Four bytes, little-endian: forward offset from the end of the operand.
    case jump
    /// One byte: `Coercion`.
    case coercion
}

/// What an instruction does to the height of the stack along one edge.
public enum StackEffect: Sendable, Equatable {
    /// Takes `pops`, then leaves `pushes`.
    case fixed(pops: Int, pushes: Int)
    /// Takes `multiplier` values for each unit of the count operand plus `plus`, leaves one.
    case counted(multiplier: Int, plus: Int)
    /// Takes as many values as the shape operand has names, leaves one.
    case shape
    /// Takes nothing, leaves one value for each formal.
    case formals
    /// Nothing follows along this edge.
    case ends
}

/// Everything known about one opcode.
public struct OpcodeInfo: Sendable {
    public var opcode: Opcode
    public var name: String
    public var operands: [Operand]
    /// Effect on the edge to the next instruction.
    public var next: StackEffect
    /// Effect on the edge of the jump operand; nil without one.
    public var taken: StackEffect?
    /// The stack before and after, as `before -- after`.
    public var picture: String
    public var documentation: String
}

extension Opcode {
    /// One row for each opcode, indexed by raw value.
    public static let table: [OpcodeInfo] = [
        row(.constant, [.constant], 0, 1, "-- c", "Pushes a constant."),
        row(.integer, [.signed], 0, 1, "-- n", "Pushes a small integer."),
        row(.null, [], 0, 1, "-- null", "Pushes null."),
        row(.true, [], 0, 1, "-- true", "Pushes true."),
        row(.false, [], 0, 1, "-- false", "Pushes false."),
        row(.pop, [], 1, 0, "v --", "Drops the top."),
        row(
            .closeScope, [.count], next: .counted(multiplier: 1, plus: 1), "v1..vn r -- r",
            "Drops the n locals below the result."),
        row(.getLocal, [.slot], 0, 1, "-- v", "Pushes the local in a slot as it is."),
        row(
            .getLocalForce, [.slot], 0, 1, "-- w",
            "Pushes the local in a slot, forced; the slot keeps the forced value."),
        row(.getUpvalue, [.upvalue], 0, 1, "-- v", "Pushes an upvalue as it is."),
        row(
            .getUpvalueForce, [.upvalue], 0, 1, "-- w",
            "Pushes an upvalue, forced; the closure keeps the forced value."),
        row(.force, [], 1, 1, "v -- w", "Forces the top."),
        row(.closure, [.chunk, .captures], 0, 1, "-- f", "Makes a function of a lambda chunk and its captures."),
        row(.thunk, [.chunk, .captures], 0, 1, "-- t", "Makes a thunk of a thunk chunk and its captures."),
        row(
            .lazySelect, [.symbol, .chunk], 1, 1, "v -- v'",
            "If v is already a set that has the symbol, and the attribute is a value but no function, that; else a thunk "
                + "of the chunk whose one upvalue is v. The chunk must select the symbol from its upvalue. A function "
                + "gets a thunk of its own since functions in containers are equal if they are one value."),
        row(
            .finalise, [.slot, .deferred], 0, 0, "--",
            "Sets deferred captures of the closure or thunk in a slot: for each pair, capture index and the slot whose "
                + "value it takes."),
        row(
            .unpackFormals, [.slot, .formals], next: .formals, "-- v1..vn",
            "Forces the argument in a slot, checks it against the formals, pushes one value for each: the attribute, or "
                + "the default, whose captures are taken after all values are pushed."),
        row(
            .pushWith, [.position], 1, 1, "v -- w",
            "Makes a link of the `with` chain: v, then the chain at the position (`none` at the outermost)."),
        row(
            .resolveWith, [.position, .symbol], 0, 1, "-- w",
            "Looks a name up in the `with` chain at the position, innermost first, and forces it."),
        row(.attributes, [.shape], next: .shape, "v1..vn -- s", "Makes a set of values in the order of the shape."),
        row(
            .dynamicAttributes, [.count], next: .counted(multiplier: 2, plus: 1), "s k1 v1..kn vn -- s'",
            "Adds computed attributes to a set; a null name adds none, a name that is there is an error."),
        row(.update, [], 2, 1, "a b -- s", "`a // b`."),
        row(.select, [.symbol], 1, 1, "s -- w", "Selects an attribute and forces it."),
        row(.selectDynamic, [], 2, 1, "s k -- w", "Selects the attribute with a computed name and forces it."),
        row(
            .selectOr, [.symbol, .jump], 1, 1, taken: (1, 0), "s -- w, jump: s --",
            "Selects an attribute and forces it; jumps when s is no set or lacks it."),
        row(
            .selectOrDynamic, [.jump], 2, 1, taken: (2, 0), "s k -- w, jump: s k --",
            "As selectOr with a computed name."),
        row(.hasAttribute, [.symbol], 1, 1, "v -- b", "Whether v is a set that has the attribute."),
        row(.hasAttributeDynamic, [], 2, 1, "v k -- b", "As hasAttribute with a computed name."),
        row(.list, [.count], next: .counted(multiplier: 1, plus: 0), "v1..vn -- l", "Makes a list."),
        row(.concatenate, [], 2, 1, "a b -- l", "`a ++ b`."),
        row(
            .interpolate, [.count], next: .counted(multiplier: 1, plus: 0), "s1..sn -- s",
            "Joins strings and their contexts."),
        row(
            .interpolatePath, [.count], next: .counted(multiplier: 1, plus: 0), "p s2..sn -- p'",
            "Joins a path and strings to a path, made canonical."),
        row(.coerceToString, [.coercion], 1, 1, "v -- s", "Coerces to a string, with outPath and __toString."),
        row(.homePath, [.constant], 0, 1, "-- p", "The path of a string constant below the home directory."),
        row(.add, [], 2, 1, "a b -- v", "`a + b` for numbers, strings and paths."),
        row(.subtract, [], 2, 1, "a b -- n", "`a - b`."),
        row(.multiply, [], 2, 1, "a b -- n", "`a * b`."),
        row(.divide, [], 2, 1, "a b -- n", "`a / b`."),
        row(.negate, [], 1, 1, "a -- n", "`-a`."),
        row(.equal, [], 2, 1, "a b -- b", "`a == b`, forcing what it compares."),
        row(.less, [], 2, 1, "a b -- b", "`a < b`."),
        row(.lessOrEqual, [], 2, 1, "a b -- b", "`a <= b`."),
        row(.greater, [], 2, 1, "a b -- b", "`a > b`."),
        row(.greaterOrEqual, [], 2, 1, "a b -- b", "`a >= b`."),
        row(.invert, [], 1, 1, "b -- b", "`!b`."),
        row(.assertBool, [], 1, 1, "v -- b", "Forces the top and fails unless it is a boolean."),
        row(.jump, [.jump], next: .ends, taken: .fixed(pops: 0, pushes: 0), "jump: --", "Jumps."),
        row(.jumpIfFalse, [.jump], 1, 0, taken: (1, 0), "b --, jump: b --", "Drops a boolean, jumps if it is false."),
        row(.jumpIfTrue, [.jump], 1, 0, taken: (1, 0), "b --, jump: b --", "Drops a boolean, jumps if it is true."),
        row(.and, [.jump], 1, 0, taken: (1, 1), "b --, jump: b -- b", "Jumps and keeps the boolean if it is false."),
        row(.or, [.jump], 1, 0, taken: (1, 1), "b --, jump: b -- b", "Jumps and keeps the boolean if it is true."),
        row(
            .assertFail, [.constant], next: .ends, "--",
            "Fails with the assertion whose text is the string constant."),
        row(.currentPosition, [], 0, 1, "-- s", "`__curPos`: the set of file, line and column of the instruction."),
        row(
            .call, [.count], next: .counted(multiplier: 1, plus: 1), "f a1..an -- w",
            "Calls f with n arguments, n at least 1; the result is forced."),
        row(
            .tailCall, [.count], next: .ends, "f a1..an --",
            "As call, in place of the current frame."),
        row(
            .return, [], next: .ends, "w --",
            "Leaves the frame with the forced top as its result. A thunk's function is a value of its own then, unless all "
                + "of its code is `getUpvalue` and this: inside containers a function equals itself alone."),
        row(.addInteger, [.signed], 1, 1, "a -- v", "`a + n`."),
        row(.subtractInteger, [.signed], 1, 1, "a -- n", "`a - n`."),
        row(.equalInteger, [.signed], 1, 1, "a -- b", "`a == n`."),
        row(.lessInteger, [.signed], 1, 1, "a -- b", "`a < n`."),
        row(.getLocalSelect, [.slot, .symbol], 0, 1, "-- w", "getLocalForce, then select."),
        row(.getUpvalueSelect, [.upvalue, .symbol], 0, 1, "-- w", "getUpvalueForce, then select."),
        row(
            .assertEqual, [.constant], 2, 1, "a b -- true",
            "`a == b`; where they differ, fails with the assertion whose text is the string constant, and says how."),
        row(
            .step, [.count], next: .ends, "--",
            "Internal: runs one step of a builtin's frame. The verifier rejects it as an unknown opcode."),
    ]

    /// The row of this opcode.
    public var info: OpcodeInfo { Opcode.table[Int(rawValue)] }

    private static func row(
        _ opcode: Opcode, _ operands: [Operand], _ pops: Int, _ pushes: Int, taken: (Int, Int)? = nil,
        _ picture: String, _ documentation: String
    ) -> OpcodeInfo {
        row(
            opcode, operands, next: .fixed(pops: pops, pushes: pushes),
            taken: taken.map { .fixed(pops: $0.0, pushes: $0.1) }, picture, documentation)
    }

    private static func row(
        _ opcode: Opcode, _ operands: [Operand], next: StackEffect, taken: StackEffect? = nil,
        _ picture: String, _ documentation: String
    ) -> OpcodeInfo {
        OpcodeInfo(
            opcode: opcode, name: "\(opcode)", operands: operands, next: next, taken: taken, picture: picture,
            documentation: documentation)
    }
}
