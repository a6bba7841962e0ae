/// What an evaluation of a case gave.
struct LanguageOutcome: Sendable {
    /// The exit code; 0 when the evaluation succeeded.
    var status: Int32
    var output: String
    var messages: String
}

extension LanguageCase {
    /// What is wrong with an outcome; nil if it is as it must be.
    func difference(_ outcome: LanguageOutcome) -> String? {
        if expected == nil && messages.isEmpty { return "no .exp and no .err beside the case" }
        guard let expected else {
            if outcome.status == 0 { return "succeeds, but must fail: \(outcome.output)" }
            // Exit code 2 is for a wrong command line, and a signal for a crash.
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

    /// The text with the place of this checkout replaced, as goldens have it.
    private static func neutral(_ text: String) -> String {
        text.replacing(suite.path, with: "/SUITE")
    }

    /// Messages are compared by words: where lines break and how they are indented differs with their length.
    private static func words(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
