import NixEval
import NixSyntax
import Testing

/// Sources that are no files often have the same name: an expression of the command line and those of its arguments.
@Suite struct SourceNameTests {
    @Test func sourcesOfOneNameAreToldApart() throws {
        let evaluator = try Evaluator()
        let indent = String(repeating: " ", count: 200)
        let first = try evaluator.evaluate(source: "{\n\(indent)a = throw \"first\"; }")
        let second = try evaluator.evaluate(source: "{ b = throw \"second\"; }")
        let failures = [first, second].map { value in
            #expect(throws: EvaluationError.self) { try evaluator.print(value, as: .json) }
        }
        let texts = failures.map { String(decoding: $0?.text(showTrace: true) ?? [], as: UTF8.self) }
        #expect(texts[0].contains("2| \(indent)a = throw \"first\"; }"), "\(texts[0])")
        #expect(texts[1].contains("1| { b = throw \"second\"; }"), "\(texts[1])")
    }

    /// Whoever looks a position up in another source finds nothing, or the end.
    @Test func positionsBehindASourceAreHarmless() {
        let source = Array("ab\ncd".utf8)
        let end = LineIndex(source).location(of: 1_000)
        #expect(end.line == 2 && end.column == 3)
        let location = SourceLocation(line: 9, column: 9)
        #expect(SourceExcerpt(source: source, offset: 1_000, at: location).line == nil)
        #expect(SourceExcerpt(source: source, offset: 5, at: SourceLocation(line: 1, column: 6)).shownColumn == 3)
    }
}
