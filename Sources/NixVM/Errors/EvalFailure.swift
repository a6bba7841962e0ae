import NixBytecode

/// What kind of failure ended an evaluation, or a part of it that `tryEval` caught.
public enum FailureKind: String, Sendable, CaseIterable {
    // Errors that `tryEval` catches.
    case thrown
    case assertion
    // Failures of the program.
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
    // Limits of the job.
    case fuelExhausted
    case memoryExceeded
    case depthExceeded
    case deadlineExceeded
    case cancelled
    /// The machine's state is not what it should be: a fault of the evaluator.
    case internalError

    public var isCatchable: Bool { self == .thrown || self == .assertion }

    /// Whether nothing more can be evaluated after it: the job's budget is used up or it was cancelled.
    public var endsEvaluation: Bool {
        switch self {
        case .fuelExhausted, .memoryExceeded, .deadlineExceeded, .cancelled, .internalError: true
        default: false
        }
    }
}

/// A place in a loaded program's source.
public struct SourcePosition: Sendable, Hashable {
    /// The program's name as given when it was loaded: a path, `«string»` or `«stdin»`.
    public var source: String
    public var span: SourceSpan?
    /// From 1; nil when the program was stripped.
    public var line: Int?
    public var column: Int?
    /// Index of the program in its machine; -1 for a source that gave no program.
    public var program: Int

    public init(source: String, span: SourceSpan?, line: Int?, column: Int?, program: Int) {
        self.source = source
        self.span = span
        self.line = line
        self.column = column
        self.program = program
    }
}

extension SourcePosition: CustomStringConvertible {
    /// `FILE:LINE:COLUMN`, as messages name a place.
    public var description: String {
        guard let line, let column else { return source }
        return "\(source):\(line):\(column)"
    }
}

/// One line of a backtrace.
public struct TraceEntry: Sendable, Hashable {
    /// When a line is shown, as Nix decides it.
    public enum Visibility: Sendable, Hashable {
        /// With `--show-trace` only.
        case detailed
        /// With `--show-trace`, and without it among the few outermost lines.
        case ordinary
        /// Always: texts of the program's own.
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
    /// Worded as Nix words it, without `error: `.
    public var message: [UInt8]
    public var position: SourcePosition?
    /// Innermost first. Bounded: `traceOmitted` says how many frames were left out, before entry `traceCut`.
    public var trace: [TraceEntry]
    public var traceOmitted: Int
    public var traceCut = 0
    /// What the trace is made of, until it is put into words. Frames of the machine's two ends; `framesOmitted` lie
    /// before the frame with the number `framesCut`.
    public var frames: [BacktraceFrame] = []
    public var framesCut = 0
    public var framesOmitted = 0
    /// Names close to one that was not found.
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

    /// Whether the message ends in a line of nothing but its indentation, as Nix prints those of its TOML library.
    public var endsInEmptyLine = false

    /// Whether it is about a value that cannot be coerced to a string.
    var isCoercion = false

    public var text: String { String(decoding: message, as: UTF8.self) }
}
