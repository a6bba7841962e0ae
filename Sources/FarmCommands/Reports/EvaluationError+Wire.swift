import FirnProtocol
import NixEval
import NixSyntax
import NixVM

extension EvaluationError {
    /// The error that a worker reported. Its kind is always `value`: the result's outcome has the kind, and printing the
    /// error does not need it.
    package init(_ failure: WireFailure) {
        self.init(kind: .value, message: [UInt8](failure.message))
        if failure.hasSpan { ownLocation = Location(failure.span) }
        backtrace = failure.backtrace.map { frame in
            Frame(
                message: [UInt8](frame.message), location: frame.hasSpan ? Location(frame.span) : nil,
                visibility: Frame.Visibility(frame.visibility))
        }
        backtraceOmitted = Int(clamping: failure.backtraceOmitted)
        backtraceCut = Int(failure.backtraceCut)
        suggestions = failure.suggestions
    }
}

extension EvaluationError.Location {
    fileprivate init(_ span: WireSpan) {
        self.init(source: String(decoding: span.file, as: UTF8.self))
        line = Int(span.line)
        column = Int(span.column)
        endLine = Int(span.endLine)
        endColumn = Int(span.endColumn)
        guard span.shownColumn > 0 else { return }
        excerpt = SourceExcerpt(
            location: SourceLocation(line: line, column: column),
            before: span.hasLineBefore ? [UInt8](span.lineBefore) : nil, line: [UInt8](span.sourceLine),
            after: span.hasLineAfter ? [UInt8](span.lineAfter) : nil, shownColumn: Int(span.shownColumn))
    }
}

extension EvaluationError.Frame.Visibility {
    fileprivate init(_ visibility: WireBacktraceFrame.Visibility) {
        self =
            switch visibility {
            case .never: .detailed
            case .always: .always
            case .ordinary, .UNRECOGNIZED: .ordinary
            }
    }
}
