import NixBytecode
import NixCompiler
import NixSyntax
import NixVM

extension Evaluator {
    /// The first warnings, with their locations resolved.
    package func warningReports(limit: Int = .max) -> [WarningReport] {
        guard limit > 0, !warnings.isEmpty else { return [] }
        let resolver = LocationResolver(self)
        return warnings.prefix(limit).map { source, warning in
            WarningReport(
                code: warning.code, message: warning.message,
                location: resolver.location(SourceSpan(start: warning.span.start, end: warning.span.end), of: source))
        }
    }

    /// The line index of a position's source; nil if the source is not available.
    func lineIndex(of position: SourcePosition) -> LineIndex? {
        let key = sourceKey(position)
        if let known = lineIndices[key] { return known }
        let text = inlineSource(position.program) ?? source(compiledAs: position.source)
        let index = text.map(LineIndex.init)
        lineIndices[key] = index
        return index
    }

    /// Prints a warning.
    func warn(_ warning: EvalFailure) { output(Array(report(warning).warningText().dropLast())) }

    /// The failure with its locations resolved, so that it does not depend on the evaluator.
    package func report(_ failure: EvalFailure) -> EvaluationError {
        let resolver = LocationResolver(self)
        var error = EvaluationError(kind: failure.kind, message: failure.message)
        error.ownLocation = failure.position.map(resolver.location)
        error.backtrace = failure.trace.map { entry in
            EvaluationError.Frame(
                message: Array(entry.message.utf8), location: entry.position.map(resolver.location),
                visibility: entry.visibility)
        }
        error.backtraceOmitted = failure.traceOmitted
        error.backtraceCut = failure.traceCut
        error.suggestions = failure.suggestions
        error.endsInEmptyLine = failure.endsInEmptyLine
        return error
    }
}

/// Resolves positions to locations. It looks up each source once.
private final class LocationResolver {
    private let evaluator: Evaluator
    private var sources: [String: [UInt8]?] = [:]

    init(_ evaluator: Evaluator) { self.evaluator = evaluator }

    func location(_ position: SourcePosition) -> EvaluationError.Location {
        var location = EvaluationError.Location(source: position.source)
        guard let line = position.line, let column = position.column else { return location }
        location.line = line
        location.column = column
        guard let span = position.span else { return location }
        if let end = evaluator.lineIndex(of: position)?.location(of: span.end) {
            location.endLine = end.line
            location.endColumn = end.column
        }
        location.excerpt = source(position).map {
            SourceExcerpt(source: $0, offset: span.start, at: SourceLocation(line: line, column: column))
        }
        return location
    }

    func location(_ span: SourceSpan, of name: String) -> EvaluationError.Location {
        var position = SourcePosition(source: name, span: span, line: 1, column: 1, program: -1)
        if let start = evaluator.lineIndex(of: position)?.location(of: span.start) {
            position.line = start.line
            position.column = start.column
        }
        return location(position)
    }

    private func source(_ position: SourcePosition) -> [UInt8]? {
        let key = evaluator.sourceKey(position)
        if let known = sources[key] { return known }
        let source = evaluator.source(of: position)
        sources[key] = .some(source)
        return source
    }
}
