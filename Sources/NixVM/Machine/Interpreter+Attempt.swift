import NixBytecode

/// Where an attempt is: the next instruction and the top of the stack.
struct Attempt: BitwiseCopyable {
    var pc: UnsafePointer<UInt8>
    var sp: Slot

    @inline(__always)
    mutating func push(_ value: Value) {
        sp.pointee = value
        sp += 1
    }

    /// Replaces the two values at the top by one.
    @inline(__always)
    mutating func replaceTwo(_ value: Value) {
        sp -= 1
        (sp - 1).pointee = value
    }
}

/// The code of the instruction `attempt`.
///
/// It runs without a frame, and does only what cannot fail, wait or make an object. So it has no effect but the values on
/// the stack, and the instruction may begin anew, or take the other way, at any point. Code only jumps forward, so its
/// length bounds the work. No fuel is charged, as for other instructions that neither call nor force.
///
/// Whether an attempt succeeds depends on values and on what has been forced, but not on whether a slot holds a value or
/// an indirection to it: that would depend on collections, and fuel depends on how many thunks are made.
extension Interpreter {
    /// Runs code up to its end, or returns to where it began and continues at the end.
    @inline(never)
    func attempt(
        _ start: Attempt, until end: UnsafePointer<UInt8>, bp: Slot, env: Object, tables: UnsafePointer<ProgramTables>
    ) -> Attempt {
        let failed = Attempt(pc: end, sp: start.sp)
        var at = start
        while at.pc < end {
            let opcode = UnsafeRawPointer(at.pc).load(as: Opcode.self)
            at.pc += 1
            switch opcode {
            case .getLocalForce:
                let value = (bp + operand(&at.pc)).pointee.dereferenced
                if value.isThunk { return failed }
                at.push(value)
            case .getUpvalueForce:
                let value = (env.values + operand(&at.pc)).pointee.dereferenced
                if value.isThunk { return failed }
                at.push(value)
            case .integer: at.push(Value(small: signedOperand(&at.pc)))
            case .constant: at.push(tables.pointee.constants[operand(&at.pc)])
            case .null: at.push(.null)
            case .true: at.push(.true)
            case .false: at.push(.false)
            case .getLocalSelect, .getUpvalueSelect:
                let index = operand(&at.pc)
                let set = (opcode == .getLocalSelect ? bp + index : env.values + index).pointee.dereferenced
                guard let value = attribute(of: set, tables.pointee.symbols[operand(&at.pc)]) else { return failed }
                at.push(value)
            case .select:
                let symbol = tables.pointee.symbols[operand(&at.pc)]
                guard let value = attribute(of: (at.sp - 1).pointee, symbol) else { return failed }
                (at.sp - 1).pointee = value
            case .selectOr:
                let symbol = tables.pointee.symbols[operand(&at.pc)]
                let set = (at.sp - 1).pointee
                if set.isAttributes, let slot = lookup(set.object, symbol) {
                    let value = slot.pointee.dereferenced
                    if value.isThunk { return failed }
                    (at.sp - 1).pointee = value
                    at.pc += 4
                } else {
                    at.sp -= 1
                    at.pc = jumpTarget(at.pc)
                }
            case .hasAttribute:
                let symbol = tables.pointee.symbols[operand(&at.pc)]
                let set = (at.sp - 1).pointee
                (at.sp - 1).pointee = .bool(set.isAttributes && lookup(set.object, symbol) != nil)
            case .addInteger, .subtractInteger:
                let number = Value(small: signedOperand(&at.pc))
                guard let value = arithmetic(opcode, (at.sp - 1).pointee, number) else { return failed }
                (at.sp - 1).pointee = value
            case .equalInteger:
                guard let value = equality((at.sp - 1).pointee, Value(small: signedOperand(&at.pc))) else {
                    return failed
                }
                (at.sp - 1).pointee = value
            case .lessInteger:
                let value = (at.sp - 1).pointee
                let number = signedOperand(&at.pc)
                guard value.isSmall else { return failed }
                (at.sp - 1).pointee = .bool(value.small < number)
            case .add, .subtract, .multiply, .divide, .less, .lessOrEqual, .greater, .greaterOrEqual:
                guard let value = arithmetic(opcode, (at.sp - 2).pointee, (at.sp - 1).pointee) else { return failed }
                at.replaceTwo(value)
            case .equal:
                guard let value = equality((at.sp - 2).pointee, (at.sp - 1).pointee) else { return failed }
                at.replaceTwo(value)
            case .negate:
                guard let value = arithmetic(.subtract, Value(small: 0), (at.sp - 1).pointee) else { return failed }
                (at.sp - 1).pointee = value
            case .invert:
                let value = (at.sp - 1).pointee
                guard value.isBool else { return failed }
                (at.sp - 1).pointee = .bool(!value.isTrue)
            case .assertBool: guard (at.sp - 1).pointee.isBool else { return failed }
            case .jump: at.pc = jumpTarget(at.pc)
            case .jumpIfFalse, .jumpIfTrue:
                let value = (at.sp - 1).pointee
                guard value.isBool else { return failed }
                at.sp -= 1
                at.pc = value.isTrue == (opcode == .jumpIfTrue) ? jumpTarget(at.pc) : at.pc + 4
            case .and, .or:
                let value = (at.sp - 1).pointee
                guard value.isBool else { return failed }
                if value.isTrue == (opcode == .or) {
                    at.pc = jumpTarget(at.pc)
                } else {
                    at.sp -= 1
                    at.pc += 4
                }
            default: return failed
            }
        }
        return at
    }

    /// A forced attribute; nil if there is none.
    @inline(__always)
    private func attribute(of set: Value, _ symbol: UInt32) -> Value? {
        guard set.isAttributes, let slot = lookup(set.object, symbol) else { return nil }
        let value = slot.pointee.dereferenced
        return value.isThunk ? nil : value
    }

    /// The result of an operator on two integers; nil if one of them or the result does not fit into 61 bits.
    @inline(__always)
    private func arithmetic(_ opcode: Opcode, _ a: Value, _ b: Value) -> Value? {
        guard Value.areSmall(a, b) else { return nil }
        switch opcode {
        case .add, .addInteger: return a.adding(small: b)
        case .subtract, .subtractInteger: return a.subtracting(small: b)
        case .multiply: return a.multiplied(bySmall: b)
        case .divide: return a.divided(bySmall: b)
        case .less: return .bool(a.isLess(thanSmall: b))
        case .lessOrEqual: return .bool(!b.isLess(thanSmall: a))
        case .greater: return .bool(b.isLess(thanSmall: a))
        case .greaterOrEqual: return .bool(!a.isLess(thanSmall: b))
        default: return nil
        }
    }

    /// Whether two forced values are equal; nil if only their elements or many bytes tell.
    @inline(__always)
    private func equality(_ a: Value, _ b: Value) -> Value? {
        if Value.areSmall(a, b) { return .bool(a.bits == b.bits) }
        // Numbers beside small integers, and paths.
        if a.tag == Tag.other || b.tag == Tag.other { return nil }
        if a.tag != b.tag { return .false }
        switch a.tag {
        case Tag.immediate: return .bool(a.bits == b.bits && !a.isBuiltin)
        case Tag.string:
            let count = a.object.field
            guard count == b.object.field else { return .false }
            return count <= Self.shortString ? .bool(isEqual(a.object, b.object, count)) : nil
        default: return nil
        }
    }

    /// The most bytes of strings that are compared without charging fuel.
    private static let shortString = 64

    private func isEqual(_ a: Object, _ b: Object, _ count: Int) -> Bool {
        for index in 0..<count where a.bytes[index] != b.bytes[index] { return false }
        return true
    }
}
