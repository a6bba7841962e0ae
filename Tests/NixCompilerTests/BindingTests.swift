import Testing

@Suite struct BindingTests {
    @Test("A name is read as it is once it is there, and captured later before")
    func order() throws {
        try expectCode(
            "let a = b; b = 1; in a",
            "thunk chunk 1 [deferred 1]; integer 1; finalise local 0 {0 = local 1}; getLocalForce local 0; return",
            "getUpvalueForce upvalue 0; return")
        try expectCode(
            "let b = 1; a = b; in a",
            "integer 1; getLocal local 0; getLocalForce local 1; return")
        try expectCode(
            "let a = a; in a",
            "thunk chunk 1 [deferred 0]; finalise local 0 {0 = local 0}; getLocalForce local 0; return",
            "getUpvalueForce upvalue 0; return")
        try expectCode(
            "let f = x: f x; in f",
            "closure chunk 1 [deferred 0]; finalise local 0 {0 = local 0}; getLocalForce local 0; return",
            "getUpvalueForce upvalue 0; getLocal local 0; tailCall 1")
        try expectCode(
            "let f = x: g x; g = x: f x; in f",
            "closure chunk 1 [deferred 1]; closure chunk 2 [local 0]; finalise local 0 {0 = local 1}; "
                + "getLocalForce local 0; return",
            "getUpvalueForce upvalue 0; getLocal local 0; tailCall 1",
            "getUpvalueForce upvalue 0; getLocal local 0; tailCall 1")
    }

    @Test("Locals are dropped below the result")
    func closing() throws {
        try expectCode(
            "x: (let a = x; b = a; in a + b) + 1",
            "closure chunk 1 []; return",
            "getLocal local 0; getLocal local 1; getLocalForce local 1; getLocalForce local 2; add; "
                + "closeScope 2; addInteger 1; return")
        try expectCode(
            "x: [ x ] ++ rec { a = x; b = a; }.a",
            "closure chunk 1 []; return",
            "getLocal local 0; list 1; getLocal local 0; getLocal local 2; getLocal local 2; getLocal local 3; "
                + "attributes {a, b}; closeScope 2; select a; concatenate; return")
    }

    @Test("A recursive set keeps its values as locals while it is made")
    func recursive() throws {
        try expectCode(
            "rec { a = b; b = 1; }",
            "thunk chunk 1 [deferred 1]; integer 1; finalise local 0 {0 = local 1}; getLocal local 0; "
                + "getLocal local 1; attributes {a, b}; closeScope 2; return",
            "getUpvalueForce upvalue 0; return")
        try expectCode(
            #"rec { a = 1; ${x} = a; x = "b"; }"#,
            #"integer 1; constant "b"; getLocal local 0; getLocal local 1; attributes {a, x}; "#
                + "getLocalForce local 1; getLocal local 0; dynamicAttributes 1; closeScope 2; return")
    }

    @Test("Inherited names come from around the group")
    func inherited() throws {
        try expectCode(
            "x: let y = 1; in { inherit x y; }",
            "closure chunk 1 []; return",
            "integer 1; getLocal local 0; getLocal local 1; attributes {x, y}; return")
        try expectCode(
            "x: rec { inherit x; y = x; }",
            "closure chunk 1 []; return",
            "getLocal local 0; getLocal local 1; getLocal local 1; getLocal local 2; attributes {x, y}; "
                + "closeScope 2; return")
        try expectCode(
            "x: let inherit x; in x",
            "closure chunk 1 []; return",
            "getLocal local 0; getLocalForce local 1; return")
    }

    @Test("A source of several names is one hidden local, unless it is a variable")
    func sources() throws {
        try expectCode(
            "{ inherit (import ./x) a b; }",
            "thunk chunk 1 []; getLocal local 0; lazySelect a chunk 2; getLocal local 0; lazySelect b chunk 3; "
                + "attributes {a, b}; closeScope 1; return",
            #"constant global import; constant path "./x"; tailCall 1"#,
            "getUpvalueForce upvalue 0; select a; return",
            "getUpvalueForce upvalue 0; select b; return")
        try expectCode(
            "{ inherit (import ./x) a; }",
            "thunk chunk 1 []; attributes {a}; return",
            #"constant global import; constant path "./x"; call 1; select a; return"#)
        try expectCode(
            "x: { inherit (x) a b; }",
            "closure chunk 1 []; return",
            "getLocal local 0; lazySelect a chunk 2; getLocal local 0; lazySelect b chunk 3; attributes {a, b}; "
                + "return",
            "getUpvalueForce upvalue 0; select a; return",
            "getUpvalueForce upvalue 0; select b; return")
        try expectCode(
            "rec { inherit (s) a; s = import ./s; inherit (s) b; }",
            "thunk chunk 1 [deferred 1]; thunk chunk 2 []; getLocal local 1; lazySelect b chunk 3; "
                + "finalise local 0 {0 = local 1}; getLocal local 0; getLocal local 1; getLocal local 2; "
                + "attributes {a, s, b}; closeScope 3; return",
            "getUpvalueSelect upvalue 0 a; return",
            #"constant global import; constant path "./s"; tailCall 1"#,
            "getUpvalueForce upvalue 0; select b; return")
        try expectCode(
            "let inherit (f a) b c; a = 1; f = x: x; in b",
            "thunk chunk 1 [deferred 4, deferred 3]; getLocal local 0; lazySelect b chunk 2; getLocal local 0; "
                + "lazySelect c chunk 3; integer 1; closure chunk 4 []; finalise local 0 {0 = local 4, 1 = local 3}; "
                + "getLocalForce local 1; return",
            "getUpvalueForce upvalue 0; getUpvalue upvalue 1; tailCall 1",
            "getUpvalueForce upvalue 0; select b; return",
            "getUpvalueForce upvalue 0; select c; return",
            "getLocalForce local 0; return")
    }

    @Test("Computed names are added one by one when they are few")
    func dynamic() throws {
        try expectCode(
            #"x: { a = 1; ${x} = x; ${x + "b"} = 2; }"#,
            "closure chunk 1 []; return",
            "integer 1; attributes {a}; getLocalForce local 0; getLocal local 0; dynamicAttributes 1; "
                + #"getLocalForce local 0; constant "b"; add; integer 2; dynamicAttributes 1; return"#)
        try expectCode(
            "x: { ${x} = 1; ${x} = 1; ${x} = 1; ${x} = 1; ${x} = 1; ${x} = 1; ${x} = 1; ${x} = 1; ${x} = 1; }",
            "closure chunk 1 []; return",
            "attributes {}; getLocalForce local 0; integer 1; getLocalForce local 0; integer 1; "
                + "getLocalForce local 0; integer 1; getLocalForce local 0; integer 1; getLocalForce local 0; "
                + "integer 1; getLocalForce local 0; integer 1; getLocalForce local 0; integer 1; "
                + "getLocalForce local 0; integer 1; getLocalForce local 0; integer 1; dynamicAttributes 9; return")
    }

    @Test("With __overrides, names mean attributes of the overridden set")
    func overrides() throws {
        try expectCode(
            "rec { __overrides = { a = 2; }; a = 1; b = a; }",
            "integer 2; attributes {a}; integer 1; thunk chunk 1 [deferred 3]; "
                + "thunk chunk 2 [local 0, local 1, local 2]; finalise local 2 {0 = local 3}; getLocalForce local 3; "
                + "closeScope 4; return",
            "getUpvalueSelect upvalue 0 a; return",
            "getUpvalue upvalue 0; getUpvalue upvalue 1; getUpvalue upvalue 2; attributes {__overrides, a, b}; "
                + "getUpvalueForce upvalue 0; update; return")
        try expectCode(
            "rec { __overrides = if a == 1 then { a = 2; } else { }; a = 1; }",
            "thunk chunk 1 [deferred 1]; integer 1; thunk chunk 2 [local 0, local 1]; "
                + "finalise local 0 {0 = local 1}; getLocalForce local 2; closeScope 3; return",
            "getUpvalueForce upvalue 0; equalInteger 1; jumpIfFalse -> 14; integer 2; attributes {a}; return; "
                + "attributes {}; return",
            "getUpvalue upvalue 0; getUpvalue upvalue 1; attributes {__overrides, a}; getUpvalueForce upvalue 0; "
                + "update; return")
    }

    @Test("A legacy let selects body from a recursive set")
    func legacy() throws {
        try expectCode(
            "let { body = x; x = 1; }",
            "thunk chunk 1 [deferred 1]; integer 1; finalise local 0 {0 = local 1}; getLocal local 0; "
                + "getLocal local 1; attributes {body, x}; closeScope 2; select body; return",
            "getUpvalueForce upvalue 0; return")
    }
}
