import NixCompiler
import NixSyntax
import Testing

@Suite struct ErrorTests {
    @Test(
        "A name that nothing binds is an error wherever it stands",
        arguments: [
            ("x", 0), ("let a = y; in 1", 8), ("{ a = b: c; }", 9), ("{ inherit x; }", 10), ("rec { inherit a; }", 14),
            ("{ inherit (s) a; }", 11), ("x: x.${k}", 7), ("x: x ? ${k}", 9), ("{ a ? b }: 1", 6), ("\"${x}\"", 3),
            ("./a/${x}", 6), ("{ ${x} = 1; }", 4), ("with x; 1", 5), ("(with {}; 1) + a", 15),
            ("if true then 1 else x", 20),
            ("{ inherit (x); }", 11), ("(let a = 1; in a) + a", 20), ("x: (x: x) y", 10), ("1 + (2 - z)", 9),
        ] as [(String, Int)])
    func undefined(source: String, offset: Int) throws {
        let error = try #require(try compileError(source))
        #expect(error.kind == .undefinedVariable)
        #expect(Int(error.span.start) == offset)
        let name = source.utf8.dropFirst(offset).prefix(Int(error.span.end) - offset)
        #expect(error.message == "undefined variable '\(String(decoding: name, as: UTF8.self))'")
    }

    @Test(
        "What is bound, or could be by a with, is no error",
        arguments: [
            "with { }; x", "{ a, b ? a }@c: { inherit a b c; }", "let a = b; b = a; in 1", "rec { a = b; b = a; }",
            "rec { ${a} = b; a = b; b = \"\"; }", "let inherit (a) b; a = { }; in b", "with { }; x: { inherit y; }",
            "x: with x; let inherit y; in y", "rec { inherit (a) b; a = { }; }",
        ])
    func bound(source: String) throws { #expect(try compileError(source) == nil) }

    @Test("The names of a with's own set come from around it")
    func withScope() throws {
        let error = try #require(try compileError("with { a = 1; b = a; }; b"))
        #expect(error.message == "undefined variable 'a'")
    }

    @Test("Compilation can be cancelled")
    func cancellation() throws {
        let source = "[ " + String(repeating: "(f: f 1) ", count: 2_000) + "]"
        let tree = try parse(Array(source.utf8))
        let options = CompileOptions(globals: testGlobals, shouldCancel: { _ in true })
        let error = #expect(throws: CompileError.self) { try Compiler.compile(tree, options: options) }
        #expect(error?.kind == .cancelled)
    }
}
