/// The result of evaluating a case.
struct LanguageOutcome: Sendable {
    /// The exit code; 0 if the evaluation succeeded.
    var status: Int32
    var output: String
    var messages: String
}

extension LanguageCase {
    /// The difference between an outcome and the expected one; nil if there is none.
    func difference(_ outcome: LanguageOutcome) -> String? {
        if expected == nil && messages.isEmpty { return "no .exp and no .err beside the case" }
        guard let expected else {
            if outcome.status == 0 { return "succeeds, but must fail: \(outcome.output)" }
            // Exit code 2 means an invalid command line, and a signal means a crash.
            if outcome.status != 1 { return "exit code \(outcome.status): \(outcome.messages)" }
            return missingMessage(outcome)
        }
        if outcome.status != 0 { return "exit code \(outcome.status): \(outcome.messages)" }
        let output = Self.neutral(outcome.output)
        if output != expected { return "prints\n\(output)\ninstead of\n\(expected)" }
        return missingMessage(outcome)
    }

    private func missingMessage(_ outcome: LanguageOutcome) -> String? {
        var rest = Self.words(Self.neutral(outcome.messages))[...]
        for line in messages {
            guard let range = rest.firstRange(of: Self.words(line)) else {
                return "says\n\(outcome.messages)\nwithout\n\(line)"
            }
            rest = rest[range.upperBound...]
        }
        return nil
    }

    /// The text with the path of this checkout replaced, as in the expected outputs.
    private static func neutral(_ text: String) -> String {
        text.replacing(suite.path, with: "/SUITE")
    }

    /// The words of a message. Line breaks and indentation depend on its length, so they are not compared.
    private static func words(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
