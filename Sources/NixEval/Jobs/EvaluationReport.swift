import NixBytecode
import NixStore
import NixVM

/// The result of a job.
public struct EvaluationReport: Sendable {
    /// How the evaluation ended.
    public enum Outcome: Sendable {
        /// The printed value.
        case value([UInt8])
        /// The evaluation failed or exceeded a limit, which `EvaluationError.kind` tells apart.
        case failed(EvaluationError)
        /// The verifier rejected the program.
        case rejected(ProgramRejection)
        /// The printed value has more bytes than the limit.
        case resultTooLarge(limit: Int)
        /// The evaluation reads outputs that are not built yet. Their derivations are in the daemon's store. A walk names
        /// all that its attributes read before the first build.
        case needsBuilds([NeededOutput])
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
        /// The most bytes that counted towards the memory limit at any time.
        public var memoryPeakBytes = 0
        public var collections = 0
        /// The largest number of nested frames.
        public var depthPeak = 0
        public var elapsed = Duration.zero
        /// The processor time of the machine's thread.
        public var cpu = Duration.zero
        /// The time for reading and compiling the job's input and arguments; zero if all of it was cached. Imported files
        /// count as evaluation.
        public var compile = Duration.zero
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
    public var location: EvaluationError.Location

    /// The text that the command line prints, ending in a newline.
    package var text: [UInt8] {
        var content = EvaluationError(kind: .parse, message: Array(message.utf8))
        content.ownLocation = location
        return content.warningText()
    }

    package init(code: String, message: String, location: EvaluationError.Location) {
        self.code = code
        self.message = message
        self.location = location
    }
}
