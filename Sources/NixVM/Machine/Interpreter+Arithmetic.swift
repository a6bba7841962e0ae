import NixBytecode

/// Arithmetic and comparison where the loop's inline paths do not apply: large integers, floats, strings, paths and
/// lists.
extension Interpreter {
    @inline(never)
    func add() -> Step {
        if !isForced(sp - 2) || !isForced(sp - 1) { return .force }
        let a = (sp - 2).pointee
        let b = (sp - 1).pointee
        if a.isString, b.isString { return addStrings(a, b) }
        if a.isPath { return addToPath(a, b) }
        if a.isInteger || a.isFloat {
            guard b.isInteger || b.isFloat else {
                return fail(.type, "cannot add \(typeName(b)) to \(typeName(a))")
            }
            return arithmetic(.add)
        }
        if a.isString || a.isAttributes { return addCoerced() }
        return failCoercion(a)
    }

    private func addStrings(_ a: Value, _ b: Value) -> Step {
        if b.object.field == 0, !b.object.hasContext { return replaceTwo(a) }
        if a.object.field == 0, !a.object.hasContext { return replaceTwo(b) }
        return interpolate(2)
    }

    @inline(__always)
    func replaceTwo(_ value: Value) -> Step {
        sp -= 1
        (sp - 1).pointee = value
        return .next
    }

    /// `-`, `*`, `/`, and `+` on numbers.
    @inline(never)
    func arithmetic(_ opcode: Opcode) -> Step {
        if !isForced(sp - 2) || !isForced(sp - 1) { return .force }
        guard reserve(Size.number) else { return .collect }
        let a = (sp - 2).pointee
        let b = (sp - 1).pointee
        guard let result = calculate(opcode, a, b) else { return .error }
        return replaceTwo(result)
    }

    /// The result of an operation on two numbers, or nil with `failure` set. The caller has reserved `Size.number`
    /// bytes.
    func calculate(_ opcode: Opcode, _ a: Value, _ b: Value) -> Value? {
        if a.isInteger, b.isInteger { return calculate(opcode, a.integer, b.integer) }
        guard a.isInteger || a.isFloat, b.isInteger || b.isFloat else {
            if opcode == .divide, b.isFloat ? b.float == 0 : b.isInteger && b.integer == 0 {
                _ = failWithoutPosition(.arithmetic, "division by zero")
                return nil
            }
            _ = failOperand(opcode, a, b)
            return nil
        }
        let x = a.isFloat ? a.float : Double(a.integer)
        let y = b.isFloat ? b.float : Double(b.integer)
        switch opcode {
        case .add: return makeFloat(x + y)
        case .subtract: return makeFloat(x - y)
        case .multiply: return makeFloat(x * y)
        default:
            if y == 0 {
                _ = failWithoutPosition(.arithmetic, "division by zero")
                return nil
            }
            return makeFloat(x / y)
        }
    }

    private func calculate(_ opcode: Opcode, _ x: Int64, _ y: Int64) -> Value? {
        let (result, overflow): (Int64, Bool)
        switch opcode {
        case .add: (result, overflow) = x.addingReportingOverflow(y)
        case .subtract: (result, overflow) = x.subtractingReportingOverflow(y)
        case .multiply: (result, overflow) = x.multipliedReportingOverflow(by: y)
        default:
            if y == 0 {
                _ = failWithoutPosition(.arithmetic, "division by zero")
                return nil
            }
            (result, overflow) = x.dividedReportingOverflow(by: y)
        }
        if overflow {
            let message = overflowMessage(opcode, x, y)
            _ = opcode == .add ? fail(.arithmetic, message) : failWithoutPosition(.arithmetic, message)
            return nil
        }
        return makeInteger(result)
    }

    private func overflowMessage(_ opcode: Opcode, _ x: Int64, _ y: Int64) -> String {
        switch opcode {
        case .add: "integer overflow in adding \(x) + \(y)"
        case .subtract: "integer overflow in subtracting \(x) - \(y)"
        case .multiply: "integer overflow in multiplying \(x) * \(y)"
        default: "integer overflow in dividing \(x) / \(y)"
        }
    }

    /// Fails because an operand is not a number. As in Nix, a float is expected as soon as one operand is a float, and
    /// a division checks its divisor first.
    private func failOperand(_ opcode: Opcode, _ a: Value, _ b: Value) -> Step {
        let isDivision = opcode == .divide
        let isLeft = isDivision ? b.isInteger || b.isFloat : !(a.isInteger || a.isFloat)
        let wantsFloat = a.isFloat || b.isFloat || isDivision && !isLeft
        let value = isLeft ? a : b
        let expected = wantsFloat ? "a float" : "an integer"
        if runningBuiltin() != nil { return failExpected(expected, value) }
        return failWithoutPosition(.type, "expected \(expected) but found \(describe(value))", operand: isLeft ? 0 : 1)
    }

    @inline(never)
    func negate() -> Step {
        if !isForced(sp - 1) { return .force }
        guard reserve(Size.number) else { return .collect }
        let value = (sp - 1).pointee
        if value.isFloat {
            (sp - 1).pointee = makeFloat(0 - value.float)
            return .next
        }
        guard value.isInteger else {
            return failWithoutPosition(.type, "expected an integer but found \(describe(value))", operand: 1)
        }
        let (result, overflow) = Int64(0).subtractingReportingOverflow(value.integer)
        if overflow { return failWithoutPosition(.arithmetic, "integer overflow in subtracting 0 - \(value.integer)") }
        (sp - 1).pointee = makeInteger(result)
        return .next
    }

    /// Executes a superinstruction whose inline path did not apply, as the two instructions that it stands for.
    @inline(never)
    func withInteger(_ number: Int, _ opcode: Opcode) -> Step {
        if !isForced(sp - 1) { return .force }
        push(Value(small: number))
        let step: Step
        switch opcode {
        case .add: step = add()
        case .equal: step = equal()
        case .less: step = compare(.less)
        default: step = arithmetic(opcode)
        }
        if step != .next, step != .entered { sp -= 1 }
        return step
    }

    /// `<`, `<=`, `>` and `>=`.
    @inline(never)
    func compare(_ opcode: Opcode) -> Step {
        if !isForced(sp - 2) || !isForced(sp - 1) { return .force }
        // a > b is b < a, and a <= b is !(b < a).
        let swaps = opcode == .greater || opcode == .lessOrEqual
        let negates = opcode == .lessOrEqual || opcode == .greaterOrEqual
        let a = swaps ? (sp - 1).pointee : (sp - 2).pointee
        let b = swaps ? (sp - 2).pointee : (sp - 1).pointee
        if a.isList, b.isList {
            let step = enterOperator(.lessThanDeep, arguments: 2, flag: negates)
            if step == .entered {
                let frame = topFrame(as: LessThanFrame.self)
                frame.pointee.left = a
                frame.pointee.right = b
            }
            return step
        }
        guard let less = isLess(a, b) else { return .error }
        return replaceTwo(.bool(less != negates))
    }

    /// Whether `a` is less than `b`, for values other than lists. The result is nil, with `failure` set, when they
    /// cannot be compared.
    func isLess(_ a: Value, _ b: Value) -> Bool? {
        if a.isInteger, b.isInteger { return a.integer < b.integer }
        if a.isFloat || b.isFloat, a.isInteger || a.isFloat, b.isInteger || b.isFloat {
            return (a.isFloat ? a.float : Double(a.integer)) < (b.isFloat ? b.float : Double(b.integer))
        }
        if a.isString && b.isString || a.isPath && b.isPath {
            return compare(a.object.byteBuffer, b.object.byteBuffer).map { $0 < 0 }
        }
        let x = shown(a)
        let y = shown(b)
        if isSameType(a, b), a.isFloat == b.isFloat, a.isInteger == b.isInteger {
            _ = failWithoutPosition(
                .type,
                "cannot compare \(typeName(a)) with \(typeName(b)); values of that type are incomparable (values are \(x) and \(y))"
            )
        } else {
            _ = failWithoutPosition(
                .type, "cannot compare \(typeName(a)) with \(typeName(b)); values are \(x) and \(y)")
        }
        return nil
    }

    /// Turns the instruction being executed into a frame of an internal step; its result takes the operands' place.
    func enterOperator(_ step: InternalStep, arguments: Int, flag: Bool) -> Step {
        let code = state.pointee.builtins + step.index
        let slots = code.pointee.arity + code.pointee.slots - arguments
        let registers = state.pointee.registers
        if registers.fp >= state.pointee.fpLimit || registers.sp + (slots + BuiltinCode.slack) > state.pointee.spLimit {
            return .collect
        }
        registers.fp.pointee = Frame(
            pc: registers.pc, bp: registers.bp, env: registers.env, tables: registers.tables, update: FrameMode.push)
        state.pointee.registers.fp += 1
        state.pointee.registers.bp = sp - arguments
        push(.bool(flag))
        for _ in 1..<slots { push(.null) }
        state.pointee.registers.pc = stepCode(step)
        state.pointee.registers.env = state.pointee.machineEnv
        state.pointee.registers.tables = UnsafePointer(state.pointee.machineTables)
        return .entered
    }
}
