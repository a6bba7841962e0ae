import Foundation
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

    /// The end of the source may be many lines below the quote that has no other.
    @Test(arguments: [
        ("{ a = \"b;\n c = 1;\n}\n", 1, 7), ("[\n  \"x${y} z\n]", 2, 3), ("\"a\" \"", 1, 5), ("1\"$", 1, 2),
        ("\n ''a\n  b", 2, 2), ("''a ${b}\n c", 1, 1), ("{ \"a = 1; }", 1, 3), ("\"${\n\"b", 2, 1),
        ("\"a ${b", 1, 4), ("''\n${b", 2, 1), ("./a${b", 1, 4),
    ])
    func aStringWithoutEndIsShownWhereItBegins(source: String, line: Int, column: Int) throws {
        let error = try #require(throws: SyntaxError.self) { _ = try parse(Array(source.utf8)) }
        #expect(error.message.hasPrefix("syntax error, unexpected end of file, expecting "))
        #expect(error.location.line == line && error.location.column == column)
    }

    /// Each line of Refused.txt is a source that is cut off or has a wrong token, a tab, and what the parser says that
    /// bison makes of the grammar of Nix 2.36. Where that lists what it expects it may name less than would fit, since it
    /// completes what is begun before it looks at the token: `{ a = x;` lacks a brace, and `inherit` is what it names.
    @Test func expectsWhatTheGrammarOfNixExpects() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Refused.txt")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 200)
        for line in lines {
            let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
            let source = parts[0].replacing("\\n", with: "\n")
            let error = #expect(throws: SyntaxError.self, "\(source)") {
                _ = try parse(Array(source.utf8), options: ParseOptions(pipeOperators: true))
            }
            #expect(error?.message == parts[1], "\(source)")
        }
    }

    @Test(arguments: ["(", "[", "{a=", "x: ", "-", "!"])
    func deepNestingIsRefused(opening: String) {
        let source = Array(String(repeating: opening, count: 200_000).utf8)
        #expect(throws: SyntaxError.self) { _ = try parse(source) }
    }
}
