import Testing

@Suite struct LazinessTests {
    @Test("Constants, variables and empty containers need no thunk")
    func constants() throws {
        try expectCode(
            #"f: x: f 1 2.5 "s" -3 x [ ] { } true null ./p map"#,
            "closure chunk 1 []; return",
            #"getLocalForce local 0; integer 1; constant 2.5; constant "s"; call 3; integer 3; getLocal local 1; "#
                + #"list 0; attributes {}; true; null; constant path "./p"; constant global map; call 7; subtract; "#
                + "return")
        try expectCode(
            "x: [ [ 1 x ] { a = { b = x; }; } ]",
            "closure chunk 1 []; return",
            "integer 1; getLocal local 0; list 2; getLocal local 0; attributes {b}; attributes {a}; list 2; "
                + "return")
    }

    @Test("Everything else is delayed")
    func compounds() throws {
        try expectCode(
            "f: x: f (x 1)",
            "closure chunk 1 []; return",
            "getLocalForce local 0; thunk chunk 2 [local 1]; tailCall 1",
            "getUpvalueForce upvalue 0; integer 1; tailCall 1")
        try expectCode(
            "f: x: f [ (f x) ]",
            "closure chunk 1 []; return",
            "getLocalForce local 0; thunk chunk 2 [local 0, local 1]; tailCall 1",
            "thunk chunk 3 [upvalue 0, upvalue 1]; list 1; return",
            "getUpvalueForce upvalue 0; getUpvalue upvalue 1; tailCall 1")
        try expectCode(
            "f: f { a = { b = f 1; }; }",
            "closure chunk 1 []; return",
            "getLocalForce local 0; thunk chunk 2 [local 0]; tailCall 1",
            "thunk chunk 3 [upvalue 0]; attributes {a}; return",
            "thunk chunk 4 [upvalue 0]; attributes {b}; return",
            "getUpvalueForce upvalue 0; integer 1; tailCall 1")
        try expectCode(
            "f: f [ 1 2 3 4 5 6 7 8 9 ]",
            "closure chunk 1 []; return",
            "getLocalForce local 0; thunk chunk 2 []; tailCall 1",
            "integer 1; integer 2; integer 3; integer 4; integer 5; integer 6; integer 7; integer 8; integer 9; "
                + "list 9; return")
    }

    @Test("Small expressions of operators are attempted before a thunk is made")
    func attempts() throws {
        try expectCode(
            "f: x: f (x + 1)",
            "closure chunk 1 []; return",
            "getLocalForce local 0; attempt -> 16; getLocalForce local 1; addInteger 1; jump -> 20; "
                + "thunk chunk 2 [local 1]; tailCall 1",
            "getUpvalueForce upvalue 0; addInteger 1; return")
        try expectCode(
            "f: x: f { a = x - 1; }",
            "closure chunk 1 []; return",
            "getLocalForce local 0; attempt -> 16; getLocalForce local 1; subtractInteger 1; jump -> 20; "
                + "thunk chunk 2 [local 1]; attributes {a}; tailCall 1",
            "getUpvalueForce upvalue 0; subtractInteger 1; return")
        try expectCode(
            "f: x: f (x.a == null && x ? b)",
            "closure chunk 1 []; return",
            "getLocalForce local 0; attempt -> 27; getLocalSelect local 1 a; null; equal; and -> 22; "
                + "getLocalForce local 1; hasAttribute b; assertBool; jump -> 31; thunk chunk 2 [local 1]; tailCall 1",
            "getUpvalueSelect upvalue 0 a; null; equal; and -> 15; getUpvalueForce upvalue 0; hasAttribute b; "
                + "assertBool; return")
    }

    @Test(
        "What may be a text, has side effects, is not there yet or is long is delayed without an attempt",
        arguments: [
            #"f: x: f (x + "s")"#, "f: x: f (x // x)", "f: x: f (x ++ x)", "f: x: f (x 1 + 1)", "f: x: f (x.${x} == 1)",
            "f: let a = b + 1; b = f; in f a", "f: with f; f (a + 1)", "f: x: f (if x then x else f)",
            "f: x: f (x + 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9)", "__sub: x: x (x - 1)", "f: { a ? f + 1 }: a",
        ])
    func notAttempted(source: String) throws {
        #expect(!(try listing(compile(source).program).joined().contains("attempt")))
    }

    @Test("A selection from a variable is made at once when the set is there")
    func selections() throws {
        try expectCode(
            "f: x: f x.a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocal local 1; lazySelect a chunk 2; tailCall 1",
            "getUpvalueForce upvalue 0; select a; return")
        try expectCode(
            "x: [ x.a ]",
            "closure chunk 1 []; return",
            "getLocal local 0; lazySelect a chunk 2; list 1; return",
            "getUpvalueForce upvalue 0; select a; return")
        try expectCode(
            "f: f builtins.x",
            "closure chunk 1 []; return",
            "getLocalForce local 0; constant global builtins; lazySelect x chunk 2; tailCall 1",
            "getUpvalueForce upvalue 0; select x; return")
        try expectCode(
            "f: x: f x.a.b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; thunk chunk 2 [local 1]; tailCall 1",
            "getUpvalueSelect upvalue 0 a; select b; return")
        try expectCode(
            "f: x: f (x.a or 1)",
            "closure chunk 1 []; return",
            "getLocalForce local 0; thunk chunk 2 [local 1]; tailCall 1",
            "getUpvalueForce upvalue 0; selectOr a -> 9; return; integer 1; return")
    }

    @Test("Where values are printed without being forced, there are the thunks of Nix")
    func delaysOfNix() throws {
        try expectCode(
            "x: [ 1 x [ ] map ./p { } ]", delaysLikeNix: true,
            "closure chunk 1 []; return",
            #"integer 1; getLocal local 0; list 0; constant global map; constant path "./p"; thunk chunk 2 []; list 6; "#
                + "return",
            "attributes {}; return")
        try expectCode(
            "x: [ (y: y) x.a (-1) ]", delaysLikeNix: true,
            "closure chunk 1 []; return",
            "thunk chunk 2 []; thunk chunk 3 [local 0]; thunk chunk 4 []; list 3; return",
            "closure chunk 5 []; return",
            "getUpvalueSelect upvalue 0 a; return",
            "integer -1; return",
            "getLocalForce local 0; return")
        try expectCode(
            "s: { inherit (s) a; }", delaysLikeNix: true,
            "closure chunk 1 []; return",
            "thunk chunk 2 [local 0]; attributes {a}; return",
            "getUpvalueSelect upvalue 0 a; return")
    }

    @Test("Functions are closures, chains of plain parameters one chunk")
    func functions() throws {
        try expectCode(
            "a: b: a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; return")
        try expectCode(
            "a: { b }: c: a b c",
            "closure chunk 1 []; return",
            "unpackFormals local 1 {b}; closure chunk 2 [local 0, local 2]; return",
            "getUpvalueForce upvalue 0; getUpvalue upvalue 1; getLocal local 0; tailCall 2")
        try expectCode(
            "a: a: a",
            "closure chunk 1 []; return",
            "getLocalForce local 1; return")
        try expectCode(
            "x: y: z: z x y",
            "closure chunk 1 []; return",
            "getLocalForce local 2; getLocal local 0; getLocal local 1; tailCall 2")
    }

    @Test("Defaults are constants or thunks that see all names of the pattern")
    func defaults() throws {
        try expectCode(
            #"{ a, b ? a, c ? 1, d ? null, e ? "s", f ? true, g ? [ ], ... }@args: args"#,
            "closure chunk 1 []; return",
            #"unpackFormals local 0 {a, b ? chunk 2 [local 1], c ? 1, d ? null, e ? "s", f ? true, g ? chunk 3 [], ...}; "#
                + "getLocalForce local 0; return",
            "getUpvalueForce upvalue 0; return",
            "list 0; return")
        try expectCode(
            "x: { a ? x, b ? with a; y }: b",
            "closure chunk 1 []; return",
            "unpackFormals local 1 {a ? chunk 2 [local 0], b ? chunk 3 [local 2]}; getLocalForce local 3; return",
            "getUpvalue upvalue 0; return",
            "getUpvalue upvalue 0; pushWith none; resolveWith local 0 y; return")
    }

    @Test("Calls in tail position reuse the frame")
    func tails() throws {
        try expectCode(
            "f: if f 1 then f 2 else f 3",
            "closure chunk 1 []; return",
            "getLocalForce local 0; integer 1; call 1; jumpIfFalse -> 17; getLocalForce local 0; integer 2; "
                + "tailCall 1; getLocalForce local 0; integer 3; tailCall 1")
        try expectCode(
            "f: let x = f 1; in f x",
            "closure chunk 1 []; return",
            "thunk chunk 2 [local 0]; getLocalForce local 0; getLocal local 1; tailCall 1",
            "getUpvalueForce upvalue 0; integer 1; tailCall 1")
        try expectCode(
            "f: with f 1; f x",
            "closure chunk 1 []; return",
            "thunk chunk 2 [local 0]; pushWith none; getLocalForce local 0; thunk chunk 3 [] with local 1; "
                + "tailCall 1",
            "getUpvalueForce upvalue 0; integer 1; tailCall 1",
            "resolveWith upvalue 0 x; return")
        try expectCode(
            "f: assert f 1; f 2",
            "closure chunk 1 []; return",
            #"getLocalForce local 0; integer 1; call 1; jumpIfTrue -> 13; assertFail "(f 1)"; "#
                + "getLocalForce local 0; integer 2; tailCall 1")
        try expectCode(
            "f: f.a or (f 1)",
            "closure chunk 1 []; return",
            "getLocalForce local 0; selectOr a -> 9; return; getLocalForce local 0; integer 1; tailCall 1")
        try expectCode(
            "f: f 1 + f 2",
            "closure chunk 1 []; return",
            "getLocalForce local 0; integer 1; call 1; getLocalForce local 0; integer 2; call 1; add; return")
    }
}
