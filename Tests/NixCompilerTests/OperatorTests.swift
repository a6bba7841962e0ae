import Testing

@Suite struct OperatorTests {
    @Test("Operators have instructions, literals shorter ones")
    func arithmetic() throws {
        try expectCode(
            "a: b: a + b - a * b / a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocalForce local 1; add; getLocalForce local 0; getLocalForce local 1; "
                + "multiply; getLocalForce local 0; divide; subtract; return")
        try expectCode(
            "a: a + 1 - 2",
            "closure chunk 1 []; return",
            "getLocalForce local 0; addInteger 1; subtractInteger 2; return")
        try expectCode(
            "a: (a == 1) == (a < 1)",
            "closure chunk 1 []; return",
            "getLocalForce local 0; equalInteger 1; getLocalForce local 0; lessInteger 1; equal; return")
        try expectCode(
            "a: a - (-1)",
            "closure chunk 1 []; return",
            "getLocalForce local 0; subtractInteger -1; return")
        try expectCode(
            "a: a + 9223372036854775807",
            "closure chunk 1 []; return",
            "getLocalForce local 0; constant 9223372036854775807; add; return")
        try expectCode(
            "-1 + -1.5",
            "integer -1; constant -1.5; add; return")
        try expectCode(
            "a: -a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; negate; return")
    }

    @Test("Where Nix swaps operands, they are evaluated swapped")
    func comparisons() throws {
        try expectCode(
            "a: b: a < b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocalForce local 1; less; return")
        try expectCode(
            "a: b: a > b",
            "closure chunk 1 []; return",
            "getLocalForce local 1; getLocalForce local 0; less; return")
        try expectCode(
            "a: b: a <= b",
            "closure chunk 1 []; return",
            "getLocalForce local 1; getLocalForce local 0; greaterOrEqual; return")
        try expectCode(
            "a: b: a >= b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocalForce local 1; greaterOrEqual; return")
        try expectCode(
            "a: a > 1",
            "closure chunk 1 []; return",
            "getLocalForce local 0; integer 1; greater; return")
        try expectCode(
            "a: a <= 1",
            "closure chunk 1 []; return",
            "getLocalForce local 0; integer 1; lessOrEqual; return")
        try expectCode(
            "a: b: a != b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocalForce local 1; equal; invert; return")
    }

    @Test("The right operand is evaluated only when it decides")
    func booleans() throws {
        try expectCode(
            "a: b: a && b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; and -> 10; getLocalForce local 1; assertBool; return")
        try expectCode(
            "a: b: a || b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; or -> 10; getLocalForce local 1; assertBool; return")
        try expectCode(
            "a: b: a -> b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; invert; or -> 11; getLocalForce local 1; assertBool; return")
        try expectCode(
            "a: !a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; invert; return")
    }

    @Test("Lists and sets")
    func containers() throws {
        try expectCode(
            "a: b: a ++ b // a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocalForce local 1; concatenate; getLocalForce local 0; update; return")
    }

    @Test("An operator calls its function where a scope binds it")
    func redefined() throws {
        try expectCode(
            "__sub: a: a - 1",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocal local 1; integer 1; tailCall 2")
        try expectCode(
            "__sub: a: -a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; integer 0; getLocal local 1; call 2; return")
        try expectCode(
            "__lessThan: a: b: [ (a < b) (a > b) (a <= b) (a >= b) ]",
            "closure chunk 1 []; return",
            "thunk chunk 2 [local 0, local 1, local 2]; thunk chunk 3 [local 0, local 1, local 2]; "
                + "thunk chunk 4 [local 0, local 1, local 2]; thunk chunk 5 [local 0, local 1, local 2]; list 4; "
                + "return",
            "getUpvalueForce upvalue 0; getUpvalue upvalue 1; getUpvalue upvalue 2; tailCall 2",
            "getUpvalueForce upvalue 0; getUpvalue upvalue 2; getUpvalue upvalue 1; tailCall 2",
            "getUpvalueForce upvalue 0; getUpvalue upvalue 2; getUpvalue upvalue 1; call 2; invert; return",
            "getUpvalueForce upvalue 0; getUpvalue upvalue 1; getUpvalue upvalue 2; call 2; invert; return")
    }

    @Test("Pipes are calls, and add to the arguments of one")
    func pipes() throws {
        try expectCode(
            "x: f: x |> f 1 |> f",
            "closure chunk 1 []; return",
            "getLocalForce local 1; thunk chunk 2 [local 1, local 0]; tailCall 1",
            "getUpvalueForce upvalue 0; integer 1; getUpvalue upvalue 1; tailCall 2")
        try expectCode(
            "x: f: f <| f 1 <| x",
            "closure chunk 1 []; return",
            "getLocalForce local 1; thunk chunk 2 [local 1, local 0]; tailCall 1",
            "getUpvalueForce upvalue 0; integer 1; getUpvalue upvalue 1; tailCall 2")
    }
}
