import Testing

@Suite struct StringTests {
    @Test("Parts are coerced and joined")
    func strings() throws {
        try expectCode(
            #"x: "a${x}b""#,
            "closure chunk 1 []; return",
            #"constant "a"; getLocalForce local 0; coerceToString copyToStore; constant "b"; interpolate 3; return"#)
        try expectCode(
            #"x: "${x}""#,
            "closure chunk 1 []; return",
            "getLocalForce local 0; coerceToString copyToStore; return")
        try expectCode(
            #""""#,
            #"constant ""; return"#)
        try expectCode(
            #"x: "a$${x}${x}""#,
            "closure chunk 1 []; return",
            #"constant "a$${x}"; getLocalForce local 0; coerceToString copyToStore; interpolate 2; return"#)
        try expectCode(
            "http://example.org/x",
            #"constant "http://example.org/x"; return"#)
    }

    @Test("Paths")
    func paths() throws {
        try expectCode(
            "./a",
            #"constant path "./a"; return"#)
        try expectCode(
            "/a/b",
            #"constant path "/a/b"; return"#)
        try expectCode(
            "~/a/b",
            #"homePath "a/b"; return"#)
        try expectCode(
            "x: ./a/${x}.nix",
            "closure chunk 1 []; return",
            #"constant path "./a/"; getLocalForce local 0; coerceToString plain; constant ".nix"; "#
                + "interpolatePath 3; return")
        try expectCode(
            "x: ~/a/${x}",
            "closure chunk 1 []; return",
            #"homePath "a/"; getLocalForce local 0; coerceToString plain; interpolatePath 2; return"#)
    }

    @Test("The current position")
    func positions() throws {
        try expectCode(
            "__curPos",
            "currentPosition; return")
    }

    @Test("An assertion carries its text")
    func assertions() throws {
        try expectCode(
            "a: assert a == ./b && a ? b; a",
            "closure chunk 1 []; return",
            #"getLocalForce local 0; constant path "./b"; equal; and -> 15; getLocalForce local 0; "#
                + #"hasAttribute b; assertBool; jumpIfTrue -> 22; assertFail "((a == ./b) && ((a) ? b))"; "#
                + "getLocalForce local 0; return")
    }
}
