import Glibc
import NixBytecode

/// Builtins on numbers.
extension Builtin {
    static let arithmetic: [Builtin] = [
        .function("add", operands("argument", of: "addition"), since: "0.10", "The sum of two numbers.") {
            $0.arithmeticBuiltin(.add)
        },
        .function("sub", operands("argument", of: "subtraction"), since: "0.11", "The difference of two numbers.") {
            $0.arithmeticBuiltin(.subtract)
        },
        .function("mul", operands("argument", of: "multiplication"), since: "0.12", "The product of two numbers.") {
            $0.arithmeticBuiltin(.multiply)
        },
        .function(
            "div", operands("operand", of: "division"), since: "0.12",
            "The quotient of two numbers; of two integers, the integer next to it toward zero."
        ) { $0.arithmeticBuiltin(.divide) },
        .frame(
            "lessThan", [.checked("a"), .checked("b")], frame: LessThanFrame.self, since: "0.10",
            "Whether `a < b`, for numbers, strings, paths and lists.", role: .naturalOrder
        ) { $0.lessThanDeepStep() },
        .function(
            "bitAnd", [.evaluated("a"), .evaluated("b")], since: "2.1", "The bits that both integers have.",
            early: { $0.expectInteger(0) != nil }
        ) { interpreter in interpreter.bitwise { $0 & $1 } },
        .function(
            "bitOr", [.evaluated("a"), .evaluated("b")], since: "2.1", "The bits that one of two integers has.",
            early: { $0.expectInteger(0) != nil }
        ) { interpreter in interpreter.bitwise { $0 | $1 } },
        .function(
            "bitXor", [.evaluated("a"), .evaluated("b")], since: "2.1", "The bits that only one of two integers has.",
            early: { $0.expectInteger(0) != nil }
        ) { interpreter in interpreter.bitwise { $0 ^ $1 } },
        .function("ceil", [.evaluated("number")], since: "2.4", "The smallest integer that is not less than a number.")
        {
            $0.rounded(.up, "ceil")
        },
        .function(
            "floor", [.evaluated("number")], since: "2.4", "The largest integer that is not greater than a number."
        ) {
            $0.rounded(.down, "floor")
        },
    ]

    /// The operands of an arithmetic operation, as Nix words them.
    private static func operands(_ noun: String, of operation: String) -> [BuiltinArgument] {
        [
            .checked("a", .custom("while evaluating the first \(noun) of the \(operation)")),
            .checked("b", .custom("while evaluating the second \(noun) of the \(operation)")),
        ]
    }
}

extension Interpreter {
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

    /// Nix rounds an integer as the float nearest to it, and since 2.27 refuses when that changes it.
    private func roundedInteger(_ number: Int64, _ result: Int64?) -> Step {
        if number == result { return done(argument(0)) }
        let bug = "Due to a bug (see https://github.com/NixOS/nix/issues/12899)"
        let future = "Future Nix versions might implement the correct behavior."
        guard let result else {
            return fail(
                .value,
                "\(bug) the NixInt argument \(number) caused undefined behavior in previous Nix versions.\n\t\(future)")
        }
        return fail(
            .value,
            "\(bug) a loss of precision occurred in previous Nix versions because the NixInt argument \(number) was "
                + "rounded to \(result).\n\t\(future)")
    }

    fileprivate func rounded(_ rule: FloatingPointRoundingRule, _ name: String) -> Step {
        let given = argument(0)
        guard given.isInteger || given.isFloat else { return failExpected("a float", given) }
        let value = given.isFloat ? given.float : Double(given.integer)
        let result = value.rounded(rule)
        // Not `Int64(exactly:)`: infinities and what is no number fail the comparison.
        let fits = result >= -0x1p63 && result < 0x1p63
        if given.isInteger { return roundedInteger(given.integer, fits ? Int64(result) : nil) }
        guard fits else {
            let text = String(decoding: NumberText.general(value), as: UTF8.self)
            return fail(.value, "NixFloat argument \(text) is not in the range of NixInt")
        }
        let integer = Int64(result)
        guard reserve(Size.number) else { return .collect }
        return done(makeInteger(integer))
    }
}
