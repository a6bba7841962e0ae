/// The output of `trace` and `warn`, up to a limit.
struct PrintedLines {
    var maximumBytes = 0
    private(set) var lines: [EvaluationReport.PrintedLine] = []
    private(set) var bytesDropped = 0
    private var bytes = 0

    private static let tracePrefix = Array("trace: ".utf8)
    private static let warningPrefix = Array("evaluation warning: ".utf8)

    mutating func add(_ line: [UInt8]) {
        let isWarning = line.starts(with: Self.warningPrefix)
        let isTrace = line.starts(with: Self.tracePrefix)
        let prefix = isWarning ? Self.warningPrefix.count : isTrace ? Self.tracePrefix.count : 0
        let length = line.count - prefix
        // A line counts one byte more than its text, so that empty lines are limited, too.
        let kept = min(length, maximumBytes - bytes - 1)
        guard kept >= 0 else {
            bytesDropped += length + 1
            return
        }
        bytesDropped += length - kept
        bytes += kept + 1
        lines.append(
            EvaluationReport.PrintedLine(isWarning: isWarning, text: Array(line[prefix..<(prefix + kept)])))
    }

    /// What was kept and dropped at one moment.
    struct Mark {
        var lines: Int
        var bytesDropped: Int
    }

    var mark: Mark { Mark(lines: lines.count, bytesDropped: bytesDropped) }

    /// Moves what was printed since a moment to an attribute's details. It still counts towards the limit.
    mutating func move(from mark: Mark, to details: inout LineObject) {
        if lines.count > mark.lines {
            let messages = lines[mark.lines...].map { line in
                var message = LineObject()
                message.add("kind", text: Array((line.isWarning ? "warn" : "trace").utf8))
                message.add("text", text: line.text)
                return message.bytes
            }
            details.add("messages", value: LineObject.list(messages))
            lines.removeSubrange(mark.lines...)
        }
        if bytesDropped > mark.bytesDropped {
            details.add("messageBytesDropped", number: UInt64(bytesDropped - mark.bytesDropped))
            bytesDropped = mark.bytesDropped
        }
    }
}
