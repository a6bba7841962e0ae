import NixSyntax
import NixVM

/// A failure as text: the message, where it happened with the source line and a caret, and the backtrace on request.
extension Evaluator {
    public func describe(_ failure: EvalFailure, showTrace: Bool) -> String {
        var text = ""
        if showTrace, !failure.trace.isEmpty {
            text += "error:\n"
            if failure.traceOmitted > 0 { text += "       (\(failure.traceOmitted) frames omitted)\n\n" }
            for entry in failure.trace.reversed() {
                text += "       … \(entry.message)\n"
                if let position = entry.position { text += excerpt(position, indent: "         ") }
                text += "\n"
            }
            text += "       error: \(indented(failure.text, by: "       "))\n"
        } else {
            text += "error: \(indented(failure.text, by: "       "))\n"
        }
        if let position = failure.position { text += excerpt(position, indent: "       ") }
        if let suggestions = Evaluator.suggestionText(failure.suggestions) { text += "       \(suggestions)\n" }
        if !showTrace, !failure.trace.isEmpty, failure.position == nil {
            text += "(use '--show-trace' to show detailed location information)\n"
        }
        return text
    }

    private func indented(_ message: String, by indent: String) -> String {
        message.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n\(indent)")
    }

    static func suggestionText(_ names: [String]) -> String? {
        if names.isEmpty { return nil }
        if names.count == 1 { return "Did you mean \(names[0])?" }
        return "Did you mean one of \(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])?"
    }

    /// `at FILE:LINE:COLUMN:` and the lines around it.
    private func excerpt(_ position: SourcePosition, indent: String) -> String {
        guard let line = position.line, let column = position.column else { return "\(indent)at \(position.source)\n" }
        var text = "\(indent)at \(position.source):\(line):\(column):\n"
        if let source = sources[position.source], let span = position.span {
            let excerpt = SourceExcerpt(
                source: source, lineStarts: NixSyntax.SourceLocation.lineStarts(of: source), offset: span.start)
            for row in excerpt.rendered().split(separator: "\n", omittingEmptySubsequences: false) where !row.isEmpty {
                text += "\(indent.dropLast(7))\(row)\n"
            }
        }
        return text
    }
}
