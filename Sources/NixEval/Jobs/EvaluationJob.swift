import NixStore
import NixVM

/// One evaluation as the virtual machine is asked for it: what, with which arguments, under which limits, and what it
/// may read.
public struct EvaluationJob: Sendable {
    /// What is evaluated.
    public enum Input: Sendable {
        /// Nix source. `name` is what positions call it; relative paths start from `directory`.
        case source([UInt8], name: String, directory: [UInt8])
        /// A file of `io`.
        case file(path: [UInt8])
        /// An encoded program, not trusted: it is decoded and verified first.
        case program([UInt8], name: String, directory: [UInt8])
    }

    /// What a function is given under a name.
    public enum Argument: Sendable {
        /// A Nix expression, evaluated where it is needed.
        case expression([UInt8])
        case text([UInt8])
    }

    /// Attributes to look at, each alone. The result has one JSON object a line, in the order of the paths; fewer than
    /// paths when a limit came near or ended it after the first.
    public struct Walk: Sendable {
        public var paths: [[[UInt8]]]
        public var options: AttributeWalker.Options

        public init(paths: [[[UInt8]]], options: AttributeWalker.Options) {
            self.paths = paths
            self.options = options
        }
    }

    /// How the value is printed.
    public enum Format: Sendable {
        /// As `nix-instantiate --eval` prints.
        case nix
        case json
        case xml
    }

    public var input: Input
    /// Given by name to a function that the value, or a value on the way of `attribute`, is.
    public var arguments: [(name: [UInt8], value: Argument)] = []
    /// An attribute path; empty: the value itself.
    public var attribute = ""
    public var format = Format.nix
    /// Force everything inside the value before it is printed. JSON and XML do so anyway.
    public var isStrict = false
    /// Look at attributes below the value instead of printing it; `attribute`, `format` and `isStrict` are not used.
    public var walk: Walk?
    /// Experimental features of Nix that are on, of `ExperimentalFeature.known`.
    public var features: Set<String> = []
    /// What `<NAME>` finds: names and paths.
    public var searchPath: [(prefix: [UInt8], path: [UInt8])] = []
    /// `builtins.currentSystem`; nil: there is none.
    public var system: [UInt8]?
    /// What it may read, and no more.
    public var io: RootedIO
    public var limits = EvaluationLimits()

    public init(_ input: Input, io: RootedIO) {
        self.input = input
        self.io = io
    }
}

/// What a job may use. Nil is no limit.
public struct EvaluationLimits: Sendable, Equatable {
    /// Units: one per call and force, and per unit of a builtin's work.
    public var fuel: Int?
    public var memoryBytes: Int?
    /// Frames that wait for one another.
    public var depth = 10_000_000
    /// From the start of the job, compiling included.
    public var timeoutNanoseconds: UInt64?
    /// Bytes of the printed value.
    public var resultBytes: Int?
    /// Bytes of what `trace` and `warn` print that are kept; the rest is counted.
    public var printedBytes = 64 << 10

    public init() {}
}

/// How a job is watched.
public struct EvaluationTrace {
    public var level: TraceLevel
    /// Called on the machine's thread.
    public var observer: any EvaluationObserver

    public init(level: TraceLevel, observer: any EvaluationObserver) {
        self.level = level
        self.observer = observer
    }
}
