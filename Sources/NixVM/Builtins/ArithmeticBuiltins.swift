import Glibc
import NixBytecode

/// Builtins on numbers.
extension Machine {
    static let arithmeticBuiltins: [BuiltinDefinition] = [
        .function("add", 2) { $0.arithmeticBuiltin(.add) },
        .function("sub", 2) { $0.arithmeticBuiltin(.subtract) },
        .function("mul", 2) { $0.arithmeticBuiltin(.multiply) },
        .function("div", 2) { $0.arithmeticBuiltin(.divide) },
        .frame("lessThan", 2, slots: 3) { vm in
            if vm.bp[2].isNull { vm.bp[2] = .false }
            return vm.lessThanDeepStep()
        },
        .function("bitAnd", 2) { vm in vm.bitwise { $0 & $1 } },
        .function("bitOr", 2) { vm in vm.bitwise { $0 | $1 } },
        .function("bitXor", 2) { vm in vm.bitwise { $0 ^ $1 } },
        .function("ceil", 1) { vm in vm.rounded(.up, "ceil") },
        .function("floor", 1) { vm in vm.rounded(.down, "floor") },
    ]
}

extension VM {
    fileprivate func arithmeticBuiltin(_ opcode: Opcode) -> Step {
        guard reserve(Size.number) else { return .collect }
        guard let result = calculate(opcode, argument(0), argument(1)) else { return .error }
        return done(result)
    }

    fileprivate func bitwise(_ operation: (Int64, Int64) -> Int64) -> Step {
        guard let a = expectInteger(0), let b = expectInteger(1) else { return .error }
        guard reserve(Size.number) else { return .collect }
        return done(makeInteger(operation(a, b)))
    }

    fileprivate func rounded(_ rule: FloatingPointRoundingRule, _ name: String) -> Step {
        guard let value = number(argument(0)) else { return .error }
        if argument(0).isInteger { return done(argument(0)) }
        let result = value.rounded(rule)
        guard let integer = Int64(exactly: result) else {
            return fail(.value, "the result of 'builtins.\(name)' does not fit an integer")
        }
        guard reserve(Size.number) else { return .collect }
        return done(makeInteger(integer))
    }
}
