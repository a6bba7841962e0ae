/// Builtins that ask what a value is.
extension Builtin {
    static let types: [Builtin] = [
        .function(
            "typeOf", [.checked("x")], since: "1.6.1",
            "The type of a value: `int`, `bool`, `string`, `path`, `null`, `set`, `list`, `lambda` or `float`."
        ) { interpreter in
            let text = Machine.typeText(interpreter.argument(0))
            return interpreter.done(interpreter.nameString(interpreter.state.pointee.symbols.intern(text)))
        },
        test("isNull", since: "0.5", "Whether a value is `null`.", isGlobal: true) {
            $0.done(.bool($0.argument(0).isNull))
        },
        test("isFunction", since: "0.11", "Whether a value is a function, a builtin among them.") {
            $0.done(.bool($0.argument(0).isFunction))
        },
        test("isInt", since: "0.13", "Whether a value is an integer.") { $0.done(.bool($0.argument(0).isInteger)) },
        test("isFloat", since: "2.0", "Whether a value is a floating-point number.") {
            $0.done(.bool($0.argument(0).isFloat))
        },
        test("isString", since: "0.13", "Whether a value is a string.") { $0.done(.bool($0.argument(0).isString)) },
        test("isBool", since: "0.13", "Whether a value is a Boolean.") { $0.done(.bool($0.argument(0).isBool)) },
        test("isPath", since: "2.3", "Whether a value is a path.") { $0.done(.bool($0.argument(0).isPath)) },
        test("isList", since: "0.10", "Whether a value is a list.") { $0.done(.bool($0.argument(0).isList)) },
        test("isAttrs", since: "0.11", "Whether a value is a set.") { $0.done(.bool($0.argument(0).isAttributes)) },
    ]

    private static func test(
        _ name: String, since: String, _ summary: String, isGlobal: Bool = false,
        _ step: @escaping BuiltinStep
    ) -> Builtin {
        .function(name, [.checked("x")], since: since, summary, isGlobal: isGlobal, step)
    }
}

extension Machine {
    static func typeText(_ value: Value) -> StaticString {
        if value.isInteger { return "int" }
        if value.isFloat { return "float" }
        if value.isString { return "string" }
        if value.isPath { return "path" }
        if value.isBool { return "bool" }
        if value.isNull { return "null" }
        if value.isList { return "list" }
        return value.isAttributes ? "set" : "lambda"
    }
}
