import FirnProtocol
import NixEval
import NixSyntax
import NixVM

/// Shows the failure of a job, and the compiler's warnings, as `firn eval` shows its own.
enum FailureReport {
    static func text(_ result: WireJobResult, showTrace: Bool) -> [UInt8] {
        var error = EvaluationError(result.failure)
        if error.messageBytes.isEmpty {
            error.messageBytes = Array("the job ended as \(StatusReport.name(result.outcome))".utf8)
        }
        return error.text(showTrace: showTrace)
    }

    static func text(warning: WireFailure) -> [UInt8] { EvaluationError(warning).warningText() }

    static func json(_ failure: WireFailure) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("kind", .string(failure.kind)), ("message", .bytes([UInt8](failure.message))),
        ]
        if let span = failure.innermostSpan { members.append(("span", json(span))) }
        if !failure.backtrace.isEmpty {
            let frames = failure.backtrace.map { frame in
                JSONValue.object(
                    [("message", .bytes([UInt8](frame.message)))] + (frame.hasSpan ? [("span", json(frame.span))] : []))
            }
            members.append(("backtrace", .array(frames)))
        }
        if failure.backtraceOmitted > 0 { members.append(("backtraceOmitted", .unsigned(failure.backtraceOmitted))) }
        if !failure.suggestions.isEmpty {
            members.append(("suggestions", .array(failure.suggestions.map { .string($0) })))
        }
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

extension WireFailure {
    /// The failing expression, or the innermost one of the backtrace.
    fileprivate var innermostSpan: WireSpan? { hasSpan ? span : backtrace.first(where: \.hasSpan)?.span }
}
