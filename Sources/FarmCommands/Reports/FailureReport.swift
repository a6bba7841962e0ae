import FirnProtocol

/// Shows the failure of a job as `firn eval` does, as far as its source is known here.
enum FailureReport {
    static func text(_ result: WireJobResult, showTrace: Bool) -> String {
        let failure = result.failure
        var message = String(decoding: failure.message, as: UTF8.self)
        if message.isEmpty { message = "the job ended as \(StatusReport.name(result.outcome))" }
        let indented = message.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n       ")
        var text = ""
        if showTrace, !failure.backtrace.isEmpty {
            text += "error:\n"
            if failure.backtraceOmitted > 0 { text += "       (\(failure.backtraceOmitted) frames omitted)\n\n" }
            for frame in failure.backtrace.reversed() {
                text += "       … \(String(decoding: frame.message, as: UTF8.self))\n"
                if frame.hasSpan { text += excerpt(frame.span, indent: "         ") }
                text += "\n"
            }
            text += "       error: \(indented)\n"
        } else {
            text += "error: \(indented)\n"
        }
        if failure.hasSpan { text += excerpt(failure.span, indent: "       ") }
        return text
    }

    static func text(warning: WireFailure) -> String {
        "warning: \(String(decoding: warning.message, as: UTF8.self))\n" + excerpt(warning.span, indent: "         ")
    }

    /// The text `at FILE:LINE:COLUMN:` with the source line and a caret.
    private static func excerpt(_ span: WireSpan, indent: String) -> String {
        var text = "\(indent)at \(String(decoding: span.file, as: UTF8.self)):\(span.line):\(span.column):\n"
        guard !span.sourceLine.isEmpty else { return text }
        let number = String(span.line)
        let padding = String(repeating: " ", count: max(0, 5 - number.utf8.count))
        text += "\(indent) \(padding)\(number)| \(String(decoding: span.sourceLine, as: UTF8.self))\n"
        guard span.column >= 1, span.column <= 500 else { return text }
        return text + "\(indent)      |\(String(repeating: " ", count: Int(span.column)))^\n"
    }

    static func json(_ failure: WireFailure) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("kind", .string(failure.kind)), ("message", .bytes([UInt8](failure.message))),
        ]
        if failure.hasSpan { members.append(("span", json(failure.span))) }
        if !failure.backtrace.isEmpty {
            let frames = failure.backtrace.map { frame in
                JSONValue.object(
                    [("message", .bytes([UInt8](frame.message)))] + (frame.hasSpan ? [("span", json(frame.span))] : []))
            }
            members.append(("backtrace", .array(frames)))
        }
        if failure.backtraceOmitted > 0 { members.append(("backtraceOmitted", .unsigned(failure.backtraceOmitted))) }
        if !failure.verifierCode.isEmpty {
            members.append(("verifierCode", .string(failure.verifierCode)))
            members.append(("verifierOffset", .unsigned(failure.verifierOffset)))
        }
        return .object(members)
    }

    private static func json(_ span: WireSpan) -> JSONValue {
        .object([
            ("file", .bytes([UInt8](span.file))), ("line", .unsigned(UInt64(span.line))),
            ("column", .unsigned(UInt64(span.column))), ("endLine", .unsigned(UInt64(span.endLine))),
            ("endColumn", .unsigned(UInt64(span.endColumn))),
        ])
    }
}
