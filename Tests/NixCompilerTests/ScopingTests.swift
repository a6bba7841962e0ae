import Testing

@Suite struct ScopingTests {
    @Test("Functions between a variable and its use capture it too")
    func upvalues() throws {
        try expectCode(
            "a: { b = c: { d = e: a c; }; }",
            "closure chunk 1 []; return",
            "closure chunk 2 [local 0]; attributes {b}; return",
            "closure chunk 3 [upvalue 0, local 0]; attributes {d}; return",
            "getUpvalueForce upvalue 0; getUpvalue upvalue 1; tailCall 1")
        try expectCode(
            "x: y: { a = { b = y + x; }; }",
            "closure chunk 1 []; return",
            "thunk chunk 2 [local 1, local 0]; attributes {a}; return",
            "attempt -> 15; getUpvalueForce upvalue 0; getUpvalueForce upvalue 1; add; jump -> 20; "
                + "thunk chunk 3 [upvalue 0, upvalue 1]; attributes {b}; return",
            "getUpvalueForce upvalue 0; getUpvalueForce upvalue 1; add; return")
    }

    @Test("The innermost binding counts")
    func shadowing() throws {
        try expectCode(
            "x: let x = 1; in x",
            "closure chunk 1 []; return",
            "integer 1; getLocalForce local 1; return")
        try expectCode(
            "x: (let x = 1; in x) + x",
            "closure chunk 1 []; return",
            "integer 1; getLocalForce local 1; closeScope 1; getLocalForce local 0; add; return")
        try expectCode(
            "let true = 1; in true",
            "integer 1; getLocalForce local 0; return")
    }

    @Test("Names that nothing binds are looked up in the with chain")
    func withs() throws {
        try expectCode(
            "with import ./x; a",
            "thunk chunk 1 []; pushWith none; resolveWith local 0 a; return",
            #"constant global import; constant path "./x"; tailCall 1"#)
        try expectCode(
            "with import ./x; with import ./y; f: f a",
            "thunk chunk 1 []; pushWith none; thunk chunk 2 []; pushWith local 0; "
                + "closure chunk 3 [] with local 1; return",
            #"constant global import; constant path "./x"; tailCall 1"#,
            #"constant global import; constant path "./y"; tailCall 1"#,
            "getLocalForce local 0; thunk chunk 4 [] with upvalue 0; tailCall 1",
            "resolveWith upvalue 0 a; return")
        try expectCode(
            "with import ./x; x: y: { b = a; c = x; }",
            "thunk chunk 1 []; pushWith none; closure chunk 2 [] with local 0; return",
            #"constant global import; constant path "./x"; tailCall 1"#,
            "thunk chunk 3 [] with upvalue 0; getLocal local 0; attributes {b, c}; return",
            "resolveWith upvalue 0 a; return")
    }

    @Test("Lexical bindings and globals are stronger than with")
    func strength() throws {
        try expectCode(
            "a: with a; a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; return")
        try expectCode(
            "with import ./x; map",
            "constant global map; return")
    }

    @Test("A with through which nothing is looked up leaves no code")
    func unused() throws {
        try expectCode(
            "with import ./x; 1",
            "integer 1; return")
        try expectCode(
            "with import ./x; with import ./y; x: x",
            "closure chunk 1 []; return",
            "getLocalForce local 0; return")
    }

    @Test("A search path calls what __findFile means")
    func searchPaths() throws {
        try expectCode(
            "<nixpkgs>",
            #"constant global __findFile; constant global __nixPath; constant "nixpkgs"; tailCall 2"#)
        try expectCode(
            "let __nixPath = [ ]; __findFile = x: y: y; in <a/b>",
            #"list 0; closure chunk 1 []; getLocalForce local 1; getLocal local 0; constant "a/b"; tailCall 2"#,
            "getLocalForce local 1; return")
    }
}
