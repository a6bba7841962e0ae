import NixBytecode
import NixCompiler
import NixSyntax
import NixVM

extension Evaluator {
    /// The warnings so far with their places resolved.
    public func warningReports(limit: Int = .max) -> [WarningReport] {
        guard !warnings.isEmpty else { return [] }
        var resolver = PlaceResolver(source: source(compiledAs:))
        return warnings.prefix(limit).map { source, warning in
            WarningReport(
                code: warning.code, message: warning.message,
                place: resolver.place(SourceSpan(start: warning.span.start, end: warning.span.end), of: source))
        }
    }

    /// A warning as a failure would be shown: with its place and line.
    public func describe(_ warning: Warning, in source: String) -> String {
        let lines = NixSyntax.SourceLocation.lineStarts(of: self.source(compiledAs: source) ?? [])
        let location = NixSyntax.SourceLocation(offset: warning.span.start, lineStarts: lines)
        return describe(
            warning: EvalFailure(
                kind: .parse, message: Array(warning.message.utf8),
                position: SourcePosition(
                    source: source, span: SourceSpan(start: warning.span.start, end: warning.span.end),
                    line: location.line, column: location.column, program: -1)))
    }

    /// The failure with its places resolved, to be read where the evaluator is gone.
    func report(_ failure: EvalFailure) -> FailureReport {
        var resolver = PlaceResolver(source: source(compiledAs:))
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

/// Finds lines in sources. A backtrace names few sources many times, so each one's lines are searched for once.
private struct PlaceResolver {
    private static let lineBytes = 500

    let source: (String) -> [UInt8]?
    private var lineStarts: [String: [UInt32]] = [:]

    init(source: @escaping (String) -> [UInt8]?) { self.source = source }

    mutating func place(_ position: SourcePosition) -> FailureReport.Place {
        var place = FailureReport.Place(source: position.source)
        place.line = position.line ?? 0
        place.column = position.column ?? 0
        guard place.line > 0, let span = position.span, let source = source(position.source) else { return place }
        let starts = starts(of: position.source, source)
        let end = NixSyntax.SourceLocation(offset: span.end, lineStarts: starts)
        place.endLine = end.line
        place.endColumn = end.column
        place.sourceLine = line(place.line, of: source, starts)
        return place
    }

    mutating func place(_ span: SourceSpan, of name: String) -> FailureReport.Place {
        let starts = starts(of: name, source(name) ?? [])
        let start = NixSyntax.SourceLocation(offset: span.start, lineStarts: starts)
        return place(
            SourcePosition(source: name, span: span, line: start.line, column: start.column, program: -1))
    }

    private func line(_ number: Int, of source: [UInt8], _ starts: [UInt32]) -> [UInt8] {
        guard number <= starts.count else { return [] }
        let line = source[min(Int(starts[number - 1]), source.count)...].prefix { $0 != UInt8(ascii: "\n") }
        return Array(line.prefix(Self.lineBytes))
    }

    private mutating func starts(of name: String, _ source: [UInt8]) -> [UInt32] {
        if let known = lineStarts[name] { return known }
        let starts = NixSyntax.SourceLocation.lineStarts(of: source)
        lineStarts[name] = starts
        return starts
    }
}
