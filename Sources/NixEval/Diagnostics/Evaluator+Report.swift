import NixBytecode
import NixCompiler
import NixSyntax
import NixVM

extension Evaluator {
    /// The first warnings, with their locations resolved.
    public func warningReports(limit: Int = .max) -> [WarningReport] {
        guard limit > 0, !warnings.isEmpty else { return [] }
        let resolver = LocationResolver(self)
        return warnings.prefix(limit).map { source, warning in
            WarningReport(
                code: warning.code, message: warning.message,
                location: resolver.location(SourceSpan(start: warning.span.start, end: warning.span.end), of: source))
        }
    }

    /// A warning as text, with its location and source line.
    public func describe(_ warning: Warning, in source: String) -> String {
        let location = lineIndex(of: source)?.location(of: warning.span.start) ?? .init(line: 1, column: 1)
        return describe(
            warning: EvalFailure(
                kind: .parse, message: Array(warning.message.utf8),
                position: SourcePosition(
                    source: source, span: SourceSpan(start: warning.span.start, end: warning.span.end),
                    line: location.line, column: location.column, program: -1)))
    }

    /// The line index of a source; nil if the source is not available.
    func lineIndex(of name: String) -> LineIndex? {
        if let known = lineIndices[name] { return known }
        let index = source(compiledAs: name).map(LineIndex.init)
        lineIndices[name] = index
        return index
    }

    /// The failure with its locations resolved, so that it does not depend on the evaluator.
    func report(_ failure: EvalFailure) -> FailureReport {
        let resolver = LocationResolver(self)
        var message = failure.message
        if let suggestions = Evaluator.suggestionText(failure.suggestions) { message += Array("\n\(suggestions)".utf8) }
        // An error inside a builtin has no position, so the innermost one in the trace is used.
        let position = failure.position ?? failure.trace.lazy.compactMap(\.position).first
        return FailureReport(
            kind: failure.kind, message: message, location: position.map { resolver.location($0) },
            backtrace: failure.trace.map { entry in
                FailureReport.Frame(
                    message: Array(entry.message.utf8), location: entry.position.map { resolver.location($0) })
            }, backtraceOmitted: failure.traceOmitted)
    }
}

/// Resolves spans to locations.
private struct LocationResolver {
    private static let lineBytes = 500

    private let evaluator: Evaluator

    init(_ evaluator: Evaluator) { self.evaluator = evaluator }

    func location(_ position: SourcePosition) -> FailureReport.Location {
        var location = FailureReport.Location(source: position.source)
        location.line = position.line ?? 0
        location.column = position.column ?? 0
        guard location.line > 0, let span = position.span, let source = evaluator.source(compiledAs: position.source),
            let end = evaluator.lineIndex(of: position.source)?.location(of: span.end)
        else { return location }
        location.endLine = end.line
        location.endColumn = end.column
        location.sourceLine = line(from: Int(span.start) - location.column + 1, of: source)
        return location
    }

    func location(_ span: SourceSpan, of name: String) -> FailureReport.Location {
        let start = evaluator.lineIndex(of: name)?.location(of: span.start) ?? .init(line: 1, column: 1)
        return location(
            SourcePosition(source: name, span: span, line: start.line, column: start.column, program: -1))
    }

    /// The beginning of the line that starts at an offset.
    private func line(from start: Int, of source: [UInt8]) -> [UInt8] {
        guard source.indices.contains(start) else { return [] }
        return Array(source[start...].prefix(Self.lineBytes).prefix { $0 != UInt8(ascii: "\n") })
    }
}
