import NixBytecode
import NixVM

/// The result of a job.
public struct EvaluationReport: Sendable {
    /// How the evaluation ended.
    public enum Outcome: Sendable {
        /// The printed value.
        case value([UInt8])
        /// The evaluation failed or exceeded a limit, which `FailureReport.kind` tells apart.
        case failed(FailureReport)
        /// The verifier rejected the program.
        case rejected(ProgramRejection)
        /// The printed value has more bytes than the limit.
        case resultTooLarge(limit: Int)
        /// The machine could not be created.
        case internalError(String)
    }

    /// A message of `trace` or `warn`, without its prefix.
    public struct PrintedLine: Sendable, Equatable {
        public var isWarning: Bool
        public var text: [UInt8]
    }

    /// The resources that the evaluation used.
    public struct Statistics: Sendable, Equatable {
        public var fuel = 0
        /// The largest size of heap, stack and programs.
        public var memoryPeakBytes = 0
        public var collections = 0
        /// The largest number of nested frames.
        public var depthPeak = 0
        public var elapsedNanoseconds: UInt64 = 0
        /// The processor time of the machine's thread.
        public var cpuNanoseconds: UInt64 = 0
        /// The time for reading and compiling the job's input and arguments; 0 if all of it was cached. Imported files
        /// count as evaluation.
        public var compileNanoseconds: UInt64 = 0
    }

    public var outcome: Outcome
    public var printed: [PrintedLine] = []
    public var printedBytesDropped = 0
    /// The compiler's warnings about the job's own source and arguments, not about imported files.
    public var warnings: [WarningReport] = []
    /// The most warnings in a report.
    public static let warningLimit = 100
    public var statistics = Statistics()
    /// For a traced job, the number of events of each kind, indexed by the kind's number.
    public var eventCounts: [UInt64] = []

    init(_ outcome: Outcome) { self.outcome = outcome }
}

/// A warning of the compiler with its location.
public struct WarningReport: Sendable, Equatable {
    /// The stable code, numbered as in Tvix: `W003`.
    public var code: String
    public var message: String
    public var location: FailureReport.Location
}

/// A failure that does not depend on its machine any more: positions are resolved to lines and their text.
public struct FailureReport: Sendable, Equatable {
    /// A location in a source. Lines and columns count from 1, columns in bytes; the end is exclusive. All are 0 if the
    /// program has no line table.
    public struct Location: Sendable, Equatable {
        public var source: String
        public var line = 0
        public var column = 0
        public var endLine = 0
        public var endColumn = 0
        /// The text of the first line, cut to 500 bytes; empty if the source is not available.
        public var sourceLine: [UInt8] = []
    }

    /// A line of the backtrace with its location.
    public struct Frame: Sendable, Equatable {
        public var message: [UInt8]
        public var location: Location?
    }

    public var kind: FailureKind
    /// The message in Nix's words without `error: `, followed by suggestions on a line of their own.
    public var message: [UInt8]
    public var location: Location?
    /// The backtrace, innermost frame first.
    public var backtrace: [Frame]
    public var backtraceOmitted: Int
}
