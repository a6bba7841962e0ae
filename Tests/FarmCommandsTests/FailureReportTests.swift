import FirnProtocol
import FirnWorker
import NixEval
import Testing

@testable import FarmCommands

/// A failure is printed in the same way by the machine where it happened and by the client of a farm.
@Suite struct FailureReportTests {
    private static func error(_ source: String) throws -> EvaluationError {
        var options = EvaluatorOptions()
        options.files = .none
        let evaluator = try Evaluator(options)
        let error = #expect(throws: EvaluationError.self) {
            let value = try evaluator.evaluate(source: source)
            _ = try evaluator.print(value)
        }
        return try #require(error)
    }

    @Test(
        "The text of a failure is that of firn eval",
        arguments: [
            "throw \"no\"", "let\n  f = x: x + null;\nin\nf 1", "{ a = ; }", "{ hello = 1; hullo = 2; }.hallo",
            "builtins.map (x: x.y) [ { } ]",
            "builtins.addErrorContext \"a word\" (let g = n: 1 + g2 n; g2 = n: n.a; in g 1)",
            "\(String(repeating: "1 + ", count: 600))\n \(String(repeating: "2 + ", count: 600)) null",
            "let f = n: if n == 0 then throw \"deep\" else 1 + f (n - 1); in f 200",
        ])
    func textOfAFailure(_ source: String) throws {
        let error = try Self.error(source)
        var result = WireJobResult.with {
            $0.outcome = .evalError
            $0.failure = WireFailure(error)
        }
        result.boundTexts()
        let received = try WireJobResult(serializedBytes: try result.serializedData())
        for showTrace in [false, true] {
            let text = String(decoding: FailureReport.text(received, showTrace: showTrace), as: UTF8.self)
            #expect(text == error.description(showTrace: showTrace) + "\n")
        }
        #expect(error.description.hasPrefix("error:"))
    }

    @Test("A span from outside cannot make a caret of any length")
    func caretOfAHostileSpan() {
        let result = WireJobResult.with {
            $0.outcome = .evalError
            $0.failure.message = .init("m".utf8)
            $0.failure.span.line = .max
            $0.failure.span.column = .max
            $0.failure.span.sourceLine = .init("abc".utf8)
            $0.failure.span.shownColumn = .max
        }
        #expect(FailureReport.text(result, showTrace: true).count < 200)
    }

    @Test("A result without a failure says its outcome")
    func textOfAnOutcome() {
        let result = WireJobResult.with { $0.outcome = .cancelled }
        #expect(FailureReport.text(result, showTrace: true) == Array("error: the job ended as cancelled\n".utf8))
    }
}
