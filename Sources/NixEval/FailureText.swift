import NixSyntax
import NixVM

/// A failure as Nix prints it: the trace, the outermost line first, the message, and where it happened with the source
/// line and a caret. Without `showTrace` only the outermost lines, and those that a program asked for.
extension Evaluator {
    public func describe(_ failure: EvalFailure, showTrace: Bool) -> String {
        var printer = FailurePrinter("error: ", showTrace: showTrace) { self.source(named: $0) }
        return printer.text(failure)
    }

    /// As `describe`, of what is not an error.
    func describe(warning: EvalFailure) -> String {
        var printer = FailurePrinter("warning: ", showTrace: false) { self.source(named: $0) }
        return printer.text(warning)
    }

    static func suggestionText(_ names: [String]) -> String? {
        if names.isEmpty { return nil }
        if names.count == 1 { return "Did you mean \(names[0])?" }
        return "Did you mean one of \(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])?"
    }
}

private struct FailurePrinter {
    /// The word before the message; what follows is indented by its length.
    let prefix: String
    let showTrace: Bool
    let source: (String) -> [UInt8]?
    private var out = ""
    /// Lines of the trace, of which one with a place counts twice.
    private var count = 0
    private var seen: Set<TraceEntry> = []
    private var skipped: [TraceEntry] = []

    /// As many lines are shown without `--show-trace`, and as many repeated ones before they are only counted.
    private static let shownWithoutTrace = 3
    private static let shownRepeated = 5

    init(_ prefix: String, showTrace: Bool, source: @escaping (String) -> [UInt8]?) {
        self.prefix = prefix
        self.showTrace = showTrace
        self.source = source
    }

    mutating func text(_ failure: EvalFailure) -> String {
        let trace = failure.trace.filter { showTrace || $0.visibility != .detailed }
        if !trace.isEmpty {
            printTrace(failure)
            out += "\n" + prefix
        }
        out += failure.text + "\n"
        if let position = failure.position { printPosition(position, indent: "") }
        if let suggestions = Evaluator.suggestionText(failure.suggestions) { out += "\(suggestions)\n" }
        return indented()
    }

    private mutating func printTrace(_ failure: EvalFailure) {
        var isTruncated = false
        for (index, entry) in failure.trace.enumerated().reversed() {
            if failure.traceOmitted > 0, index + 1 == failure.traceCut { printOmitted(failure.traceOmitted) }
            if entry.visibility == .detailed, !showTrace { continue }
            if !showTrace, count > FailurePrinter.shownWithoutTrace { isTruncated = true }
            if isTruncated, entry.visibility != .always { continue }
            if !seen.insert(entry).inserted {
                skipped.append(entry)
                continue
            }
            printSkipped()
            count += 1
            printEntry(entry)
        }
        printSkipped()
        if isTruncated {
            out += "\n(stack trace truncated; use '--show-trace' to show the full, detailed trace)\n"
        }
    }

    private mutating func printOmitted(_ number: Int) {
        guard showTrace else { return }
        printSkipped()
        out += "\n(\(number) frames omitted)\n"
    }

    private mutating func printSkipped() {
        if skipped.count <= FailurePrinter.shownRepeated {
            for entry in skipped { printEntry(entry) }
        } else {
            out += "\n(\(skipped.count) duplicate frames omitted)\n"
        }
        skipped = []
    }

    private mutating func printEntry(_ entry: TraceEntry) {
        out += "\n… \(entry.message)\n"
        if let position = entry.position {
            printPosition(position, indent: "  ")
            count += 1
        }
    }

    private mutating func printPosition(_ position: SourcePosition, indent: String) {
        guard position.line != nil else { return }
        out += "\(indent)at \(position):"
        if let source = source(position.source), let span = position.span {
            let excerpt = SourceExcerpt(
                source: source, lineStarts: NixSyntax.SourceLocation.lineStarts(of: source), offset: span.start)
            out += "\n" + excerpt.numbered()
        }
    }

    /// The whole, set behind its first word.
    private func indented() -> String {
        var lines = out.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        var text = ""
        for (index, line) in lines.enumerated() {
            let whole = (index == 0 ? prefix : String(repeating: " ", count: prefix.count)) + line
            text += String(whole.reversed().drop { $0.isWhitespace }.reversed()) + "\n"
        }
        return text
    }
}
