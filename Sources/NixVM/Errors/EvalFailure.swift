import NixBytecode

/// The kind of a failure that ended an evaluation, or was caught by `tryEval`.
public enum FailureKind: String, Sendable, CaseIterable {
    // These are caught by `tryEval`.
    case thrown
    case assertion
    // These are failures of the program.
    case type
    case missingAttribute
    case undefinedVariable
    case abort
    case infiniteRecursion
    case missingArgument
    case unexpectedArgument
    case arithmetic
    case value
    case io
    case restricted
    case parse
    // These are limits of the job.
    case fuelExhausted
    case memoryExceeded
    case depthExceeded
    case deadlineExceeded
    case cancelled
    /// An invariant of the machine does not hold, which is a fault of the evaluator.
    case internalError

    public var isCatchable: Bool { self == .thrown || self == .assertion }

    /// Whether nothing can be evaluated after it, because the job's budget is exhausted or the job was cancelled.
    public var endsEvaluation: Bool {
        switch self {
        case .fuelExhausted, .memoryExceeded, .deadlineExceeded, .cancelled, .internalError: true
        default: false
        }
    }
}

/// A position in the source of a loaded program.
public struct SourcePosition: Sendable, Hashable {
    /// The program's name as it was given on loading: a path, `«string»` or `«stdin»`.
    public var source: String
    public var span: SourceSpan?
    /// The line and the column begin with 1. They are nil when the program was stripped.
    public var line: Int?
    public var column: Int?
    /// The index of the program in its machine, or -1 for a source that did not become a program.
    public var program: Int

    public init(source: String, span: SourceSpan?, line: Int?, column: Int?, program: Int) {
        self.source = source
        self.span = span
        self.line = line
        self.column = column
        self.program = program
    }
}

extension SourcePosition {
    /// The path of the file; nil for a source that is no file, such as an expression of the command line.
    ///
    /// As in Nix, a file that comes with the evaluator has a path at the top of a file system of its own, although
    /// messages show it as `<nix/NAME>` or `«nix-internal»/NAME`.
    var filePath: String? {
        if source.hasPrefix("/") { return source }
        if source.hasPrefix("«nix-internal»/") { return String(source.dropFirst("«nix-internal»".count)) }
        guard source.hasPrefix("<nix/"), source.hasSuffix(">") else { return nil }
        return String(source.dropFirst("<nix".count).dropLast())
    }
}

extension SourcePosition: CustomStringConvertible {
    /// `FILE:LINE:COLUMN`, the form used in messages.
    public var description: String {
        guard let line, let column else { return source }
        return "\(source):\(line):\(column)"
    }
}

/// A line of a backtrace.
public struct TraceEntry: Sendable, Hashable {
    /// When a line is shown; the rules are those of Nix.
    public enum Visibility: Sendable, Hashable {
        /// With `--show-trace` only.
        case detailed
        /// With `--show-trace`, and without it if it is among the few outermost lines.
        case ordinary
        /// Always. These are texts of the program's own.
        case always
    }

    public var message: String
    public var position: SourcePosition?
    public var visibility: Visibility

    public init(message: String, position: SourcePosition?, visibility: Visibility = .ordinary) {
        self.message = message
        self.position = position
        self.visibility = visibility
    }
}

/// Why an evaluation failed.
public struct EvalFailure: Error, Sendable {
    public var kind: FailureKind
    /// The message in the words of Nix, without `error: `.
    public var message: [UInt8]
    public var position: SourcePosition?
    /// The lines of the backtrace, innermost first. `traceOmitted` frames are left out before the line with index
    /// `traceCut`.
    public var trace: [TraceEntry]
    public var traceOmitted: Int
    public var traceCut = 0
    /// The frames that the trace is made of, until they are put into words. `framesOmitted` frames are left out before
    /// the one with index `framesCut`.
    public var frames: [BacktraceFrame] = []
    public var framesCut = 0
    public var framesOmitted = 0
    /// Existing names that are similar to one that was not found.
    public var suggestions: [String]

    public init(
        kind: FailureKind, message: [UInt8], position: SourcePosition? = nil, trace: [TraceEntry] = [],
        traceOmitted: Int = 0, suggestions: [String] = []
    ) {
        self.kind = kind
        self.message = message
        self.position = position
        self.trace = trace
        self.traceOmitted = traceOmitted
        self.suggestions = suggestions
    }

    /// Whether the message ends in a line that holds only indentation, as Nix prints messages of its TOML library.
    public var endsInEmptyLine = false

    /// Whether a value could not be coerced to a string.
    var isCoercion = false

    public var text: String { String(decoding: message, as: UTF8.self) }
}
