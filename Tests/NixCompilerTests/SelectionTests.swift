import Testing

@Suite struct SelectionTests {
    @Test("Selections force as they go")
    func paths() throws {
        try expectCode(
            "x: x.a.b",
            "closure chunk 1 []; return",
            "getLocalSelect local 0 a; select b; return")
        try expectCode(
            "x: (x 1).a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; integer 1; call 1; select a; return")
        try expectCode(
            "x: k: x.${k}.a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocalForce local 1; selectDynamic; select a; return")
    }

    @Test("Every step of a path may lead to the fallback")
    func fallbacks() throws {
        try expectCode(
            "x: x.a.b or 1",
            "closure chunk 1 []; return",
            "getLocalForce local 0; selectOr a -> 15; selectOr b -> 15; return; integer 1; return")
        try expectCode(
            "x: k: 1 + (x.${k} or 1)",
            "closure chunk 1 []; return",
            "integer 1; getLocalForce local 0; getLocalForce local 1; selectOrDynamic -> 16; jump -> 18; "
                + "integer 1; add; return")
    }

    @Test("The last step of a test is not selected")
    func tests() throws {
        try expectCode(
            "x: x ? a",
            "closure chunk 1 []; return",
            "getLocalForce local 0; hasAttribute a; return")
        try expectCode(
            "x: x ? a.b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; selectOr a -> 15; hasAttribute b; jump -> 16; false; return")
        try expectCode(
            "x: k: x ? ${k}",
            "closure chunk 1 []; return",
            "getLocalForce local 0; getLocalForce local 1; hasAttributeDynamic; return")
        try expectCode(
            "x: k: x ? a.${k}.b",
            "closure chunk 1 []; return",
            "getLocalForce local 0; selectOr a -> 22; getLocalForce local 1; selectOrDynamic -> 22; "
                + "hasAttribute b; jump -> 23; false; return")
    }
}
