/// Builtins that ask what a value is.
extension Machine {
    static let typeBuiltins: [BuiltinDefinition] = [
        .function("typeOf", 1) { interpreter in
            let text = Machine.typeText(interpreter.argument(0))
            return interpreter.done(interpreter.nameString(interpreter.state.pointee.symbols.intern(text)))
        },
        .function("isNull", 1, global: true) { interpreter in interpreter.done(.bool(interpreter.argument(0).isNull)) },
        .function("isFunction", 1) { interpreter in interpreter.done(.bool(interpreter.argument(0).isFunction)) },
        .function("isInt", 1) { interpreter in interpreter.done(.bool(interpreter.argument(0).isInteger)) },
        .function("isFloat", 1) { interpreter in interpreter.done(.bool(interpreter.argument(0).isFloat)) },
        .function("isString", 1) { interpreter in interpreter.done(.bool(interpreter.argument(0).isString)) },
        .function("isBool", 1) { interpreter in interpreter.done(.bool(interpreter.argument(0).isBool)) },
        .function("isPath", 1) { interpreter in interpreter.done(.bool(interpreter.argument(0).isPath)) },
        .function("isList", 1) { interpreter in interpreter.done(.bool(interpreter.argument(0).isList)) },
        .function("isAttrs", 1) { interpreter in interpreter.done(.bool(interpreter.argument(0).isAttributes)) },
    ]

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
