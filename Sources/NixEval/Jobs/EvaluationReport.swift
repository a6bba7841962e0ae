import NixBytecode
import NixVM

/// What came of a job in the virtual machine.
public struct EvaluationReport: Sendable {
    /// How the evaluation ended.
    public enum Outcome: Sendable {
        /// The printed value.
        case value([UInt8])
        /// An error, or a limit: `FailureReport.kind` says which.
        case failed(FailureReport)
        /// The verifier refused the program.
        case rejected(ProgramRejection)
        /// The printed value has more bytes than this limit.
        case resultTooLarge(limit: Int)
        /// The machine could not be made.
        case internalError(String)
    }

    /// A line that `trace` or `warn` printed, without its prefix.
    public struct PrintedLine: Sendable, Equatable {
        public var isWarning: Bool
        public var text: [UInt8]
    }

    /// What the evaluation used: bytes, nanoseconds, and counts.
    public struct Statistics: Sendable, Equatable {
        public var fuel = 0
        /// Heap, stack and programs at their largest.
        public var memoryPeakBytes = 0
        public var collections = 0
        /// The most frames that waited for one another.
        public var depthPeak = 0
        public var elapsedNanoseconds: UInt64 = 0
        /// Of the machine's thread.
        public var cpuNanoseconds: UInt64 = 0
        /// Reading and compiling what the job names, its arguments included; 0 when all of it was known. Files that it
        /// imports are part of the evaluation.
        public var compileNanoseconds: UInt64 = 0
    }

    public var outcome: Outcome
    public var printed: [PrintedLine] = []
    public var printedBytesDropped = 0
    /// What the compiler has to say about the job's own source and arguments, not about files that they import.
    public var warnings: [WarningReport] = []
    /// Warnings that a report has at most.
    public static let warningLimit = 100
    public var statistics = Statistics()
    /// Of a traced job: how often each kind of event happened, by the kind's number.
    public var eventCounts: [UInt64] = []

    init(_ outcome: Outcome) { self.outcome = outcome }
}

/// A warning of the compiler with its place.
public struct WarningReport: Sendable, Equatable {
    /// Stable, as Tvix numbers them: `W003`.
    public var code: String
    public var message: String
    public var place: FailureReport.Place
}

/// A failure that has left its machine: places are resolved to lines and their text.
public struct FailureReport: Sendable, Equatable {
    /// Lines and columns count from 1, columns in bytes; the end is exclusive. 0 where the program has no lines.
    public struct Place: Sendable, Equatable {
        public var source: String
        public var line = 0
        public var column = 0
        public var endLine = 0
        public var endColumn = 0
        /// The first line's text, cut to 500 bytes; empty when the source is not at hand.
        public var sourceLine: [UInt8] = []
    }

    /// A line of the backtrace, and where it leads.
    public struct Frame: Sendable, Equatable {
        public var message: [UInt8]
        public var place: Place?
    }

    public var kind: FailureKind
    /// As Nix words it, without `error: `, and with what it suggests on a line of its own.
    public var message: [UInt8]
    public var place: Place?
    /// Innermost first.
    public var backtrace: [Frame]
    public var backtraceOmitted: Int
}
