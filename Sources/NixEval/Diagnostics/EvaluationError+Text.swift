/// Rendering of failures as Nix prints them: the trace from the outermost line on, the message, the position, and the
/// source line with a caret. Without `showTrace`, only the outermost lines are shown, and those that the program
/// requested.
///
/// It is the only printer: the command line, the farm's client and programs that embed the evaluator use it.
extension EvaluationError {
    /// The text as bytes, ending in a newline. Names and sources that are not UTF-8 are unchanged.
    package func text(showTrace: Bool) -> [UInt8] {
        var printer = FailurePrinter("error: ", showTrace: showTrace)
        return printer.text(self)
    }

    /// The text of a warning with this message and location.
    package func warningText() -> [UInt8] {
        var printer = FailurePrinter("warning: ", showTrace: false)
        return printer.text(self)
    }
}

private struct FailurePrinter {
    /// The prefix of the message. All further lines are indented by its length.
    let prefix: String
    let showTrace: Bool
    private var out: [UInt8] = []
    /// The number of trace lines shown, where a line with a position counts twice.
    private var count = 0
    private var seen: Set<EvaluationError.Frame> = []
    private var skipped: [EvaluationError.Frame] = []

    /// The number of trace lines shown without `--show-trace`, and of repeated lines that are shown before they are
    /// only counted.
    private static let shownWithoutTrace = 3
    private static let shownRepeated = 5

    init(_ prefix: String, showTrace: Bool) {
        self.prefix = prefix
        self.showTrace = showTrace
    }

    private mutating func write(_ text: String) { out += Array(text.utf8) }

    mutating func text(_ failure: EvaluationError) -> [UInt8] {
        if failure.backtrace.contains(where: { showTrace || $0.visibility != .detailed }) {
            printTrace(failure)
            write("\n" + prefix)
        }
        out.reserveCapacity(out.count + failure.messageBytes.count + 1)
        out += failure.messageBytes
        out.append(UInt8(ascii: "\n"))
        if let location = failure.ownLocation { printLocation(location, indent: "") }
        if let suggestions = Self.suggestionText(failure.suggestions) { write("\(suggestions)\n") }
        return indented(endsInEmptyLine: failure.endsInEmptyLine)
    }

    private static func suggestionText(_ names: [String]) -> String? {
        if names.isEmpty { return nil }
        if names.count == 1 { return "Did you mean \(names[0])?" }
        return "Did you mean one of \(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])?"
    }

    private mutating func printTrace(_ failure: EvaluationError) {
        var isTruncated = false
        for (index, entry) in failure.backtrace.enumerated().reversed() {
            if failure.backtraceOmitted > 0, index + 1 == failure.backtraceCut {
                printOmitted(failure.backtraceOmitted)
            }
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
            write("\n(stack trace truncated; use '--show-trace' to show the full, detailed trace)\n")
        }
    }

    private mutating func printOmitted(_ number: Int) {
        guard showTrace else { return }
        printSkipped()
        write("\n(\(number) frames omitted)\n")
    }

    private mutating func printSkipped() {
        if skipped.count <= FailurePrinter.shownRepeated {
            for entry in skipped { printEntry(entry) }
        } else {
            write("\n(\(skipped.count) duplicate frames omitted)\n")
        }
        skipped = []
    }

    private mutating func printEntry(_ entry: EvaluationError.Frame) {
        write("\n… ")
        out += entry.messageBytes
        write("\n")
        if let location = entry.location {
            printLocation(location, indent: "  ")
            count += 1
        }
    }

    private mutating func printLocation(_ location: EvaluationError.Location, indent: String) {
        guard location.line > 0 else { return }
        write("\(indent)at \(location):")
        if let excerpt = location.excerpt { out += [UInt8(ascii: "\n")] + excerpt.numberedBytes() }
    }

    /// Indents all lines but the first, which gets the prefix. Trailing whitespace is removed, except on the last line
    /// of a message that ends in an empty one.
    private func indented(endsInEmptyLine: Bool) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        var end = out.count
        while end > 0, Self.isSpace(out[end - 1]) { end -= 1 }
        let indentation = [UInt8](repeating: UInt8(ascii: " "), count: prefix.count)
        var text: [UInt8] = []
        // A message may have millions of lines, so no array is created for each of them.
        let lineCount = out[..<end].count(where: { $0 == newline }) + 2
        text.reserveCapacity(end + lineCount * (indentation.count + 1))
        var start = 0
        while start < end {
            text += start == 0 ? Array(prefix.utf8) : indentation
            let lineEnd = out[start..<end].firstIndex(of: newline) ?? end
            text += out[start..<lineEnd]
            while let last = text.last, last != newline, Self.isSpace(last) { text.removeLast() }
            text.append(newline)
            start = lineEnd + 1
        }
        if endsInEmptyLine { text += indentation + [newline] }
        return text
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }
}
