import Testing

@testable import NixSyntax

/// The parser's errors and their positions.
@Suite struct ErrorTests {
    @Test(arguments: [
        ("1 +", 1, 4), ("{ a = 1; a = 2; }", 1, 10), ("let\n  x = ;\nin x", 2, 7), ("{ x, x }: x", 1, 6),
    ])
    func pointsAtTheOffender(source: String, line: Int, column: Int) throws {
        let error = #expect(throws: SyntaxError.self) { _ = try parse(Array(source.utf8)) }
        #expect(error?.location.line == line)
        #expect(error?.location.column == column)
    }

    @Test(arguments: ["(", "[", "{a=", "x: ", "-", "!"])
    func deepNestingIsRefused(opening: String) {
        let source = Array(String(repeating: opening, count: 200_000).utf8)
        #expect(throws: SyntaxError.self) { _ = try parse(source) }
    }
}
