/// Builtins that ask what a value is.
extension Machine {
    static let typeBuiltins: [BuiltinDefinition] = [
        .function("typeOf", 1) { vm in
            let text = Machine.typeText(vm.argument(0))
            return vm.done(vm.nameString(vm.s.pointee.symbols.intern(text)))
        },
        .function("isNull", 1, global: true) { vm in vm.done(.bool(vm.argument(0).isNull)) },
        .function("isFunction", 1) { vm in vm.done(.bool(vm.argument(0).isFunction)) },
        .function("isInt", 1) { vm in vm.done(.bool(vm.argument(0).isInteger)) },
        .function("isFloat", 1) { vm in vm.done(.bool(vm.argument(0).isFloat)) },
        .function("isString", 1) { vm in vm.done(.bool(vm.argument(0).isString)) },
        .function("isBool", 1) { vm in vm.done(.bool(vm.argument(0).isBool)) },
        .function("isPath", 1) { vm in vm.done(.bool(vm.argument(0).isPath)) },
        .function("isList", 1) { vm in vm.done(.bool(vm.argument(0).isList)) },
        .function("isAttrs", 1) { vm in vm.done(.bool(vm.argument(0).isAttributes)) },
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
