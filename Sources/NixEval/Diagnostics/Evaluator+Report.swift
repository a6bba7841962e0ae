import NixBytecode
import NixCompiler
import NixSyntax
import NixVM

extension Evaluator {
    /// The warnings so far with their places resolved.
    public func warningReports(limit: Int = .max) -> [WarningReport] {
        guard limit > 0, !warnings.isEmpty else { return [] }
        let resolver = PlaceResolver(self)
        return warnings.prefix(limit).map { source, warning in
            WarningReport(
                code: warning.code, message: warning.message,
                place: resolver.place(SourceSpan(start: warning.span.start, end: warning.span.end), of: source))
        }
    }

    /// A warning as a failure would be shown: with its place and line.
    public func describe(_ warning: Warning, in source: String) -> String {
        let location = lineIndex(of: source)?.location(of: warning.span.start) ?? .init(line: 1, column: 1)
        return describe(
            warning: EvalFailure(
                kind: .parse, message: Array(warning.message.utf8),
                position: SourcePosition(
                    source: source, span: SourceSpan(start: warning.span.start, end: warning.span.end),
                    line: location.line, column: location.column, program: -1)))
    }

    /// What finds lines in a source; nil when that is not at hand.
    func lineIndex(of name: String) -> LineIndex? {
        if let known = lineIndices[name] { return known }
        let index = source(compiledAs: name).map(LineIndex.init)
        lineIndices[name] = index
        return index
    }

    /// The failure with its places resolved, to be read where the evaluator is gone.
    func report(_ failure: EvalFailure) -> FailureReport {
        let resolver = PlaceResolver(self)
        var message = failure.message
        if let suggestions = Evaluator.suggestionText(failure.suggestions) { message += Array("\n\(suggestions)".utf8) }
        // An error inside a builtin has no place of its own: the innermost one on the way is the nearest.
        let position = failure.position ?? failure.trace.lazy.compactMap(\.position).first
        return FailureReport(
            kind: failure.kind, message: message, place: position.map { resolver.place($0) },
            backtrace: failure.trace.map { entry in
                FailureReport.Frame(
                    message: Array(entry.message.utf8), place: entry.position.map { resolver.place($0) })
            }, backtraceOmitted: failure.traceOmitted)
    }
}

/// Gives spans their places.
private struct PlaceResolver {
    private static let lineBytes = 500

    private let evaluator: Evaluator

    init(_ evaluator: Evaluator) { self.evaluator = evaluator }

    func place(_ position: SourcePosition) -> FailureReport.Place {
        var place = FailureReport.Place(source: position.source)
        place.line = position.line ?? 0
        place.column = position.column ?? 0
        guard place.line > 0, let span = position.span, let source = evaluator.source(compiledAs: position.source),
            let end = evaluator.lineIndex(of: position.source)?.location(of: span.end)
        else { return place }
        place.endLine = end.line
        place.endColumn = end.column
        place.sourceLine = line(from: Int(span.start) - place.column + 1, of: source)
        return place
    }

    func place(_ span: SourceSpan, of name: String) -> FailureReport.Place {
        let start = evaluator.lineIndex(of: name)?.location(of: span.start) ?? .init(line: 1, column: 1)
        return place(
            SourcePosition(source: name, span: span, line: start.line, column: start.column, program: -1))
    }

    /// The beginning of the line that starts at an offset.
    private func line(from start: Int, of source: [UInt8]) -> [UInt8] {
        guard source.indices.contains(start) else { return [] }
        return Array(source[start...].prefix(Self.lineBytes).prefix { $0 != UInt8(ascii: "\n") })
    }
}
