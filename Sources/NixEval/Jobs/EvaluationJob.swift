import NixStore
import NixVM

/// The description of one evaluation: the input and its arguments, the limits, and the files that it may read.
public struct EvaluationJob: Sendable {
    /// The input of an evaluation.
    public enum Input: Sendable {
        /// Nix source, with its name in positions and the directory that relative paths are relative to.
        case source([UInt8], name: String, directory: [UInt8])
        /// A file that is read through `io`.
        case file(path: [UInt8])
        /// An untrusted encoded program, which is decoded and verified first.
        case program([UInt8], name: String, directory: [UInt8])
    }

    /// An argument for a function.
    public enum Argument: Sendable {
        /// A Nix expression, which is evaluated when it is needed.
        case expression([UInt8])
        case text([UInt8])
    }

    /// A request to visit attributes, each of which may fail alone. The result has one JSON object for each line, in
    /// the order of the paths, and if the options ask for details, a tab and a second object behind it. It has fewer lines
    /// than paths if a limit was almost reached, or exceeded after the first line.
    public struct Walk: Sendable {
        public var paths: [[[UInt8]]]
        public var options: AttributeWalker.Options

        public init(paths: [[[UInt8]]], options: AttributeWalker.Options) {
            self.paths = paths
            self.options = options
        }
    }

    public var input: Input
    /// The directory that relative paths in arguments, and in the functions of a walk, are relative to.
    public var directory = RootedIO.bundlePath
    /// The arguments, by name, for a function that is the value or is on the way of `attribute`.
    public var arguments: [(name: [UInt8], value: Argument)] = []
    /// The attribute path to select; empty for the value itself.
    public var attribute = ""
    public var format = ValueFormat.nix
    /// Whether everything in the value is forced before it is printed. JSON and XML imply this.
    public var isStrict = false
    /// Visits attributes instead of printing the value; `attribute`, `format` and `isStrict` are then not used.
    public var walk: Walk?
    /// The enabled experimental features of Nix, of `ExperimentalFeature.known`.
    public var features: Set<String> = []
    /// The entries of the search path for `<NAME>`.
    public var searchPath: [(prefix: [UInt8], path: [UInt8])] = []
    /// The value of `builtins.currentSystem`; nil if it does not exist.
    public var system: [UInt8]?
    /// The only files that the evaluation may read.
    public var io: RootedIO
    public var limits = EvaluationLimits()
    /// The image that the evaluation starts from; nil if it begins with nothing. System and features must be those with
    /// which the image was made. A file as the input stands for the set of the image; a source or program must be a function
    /// and is called with that set.
    public var image: HeapImage?
    /// Where what the job reads of derivations is built; nil if it may not read it.
    public var building: Building?

    /// A request to build what the job reads of derivations. The job itself does not wait for builds: it ends with
    /// `EvaluationReport.Outcome.needsBuilds` and is evaluated again when they have ended.
    public struct Building: Sendable {
        /// Opens the store that builds, on the thread of the evaluation.
        public var connect: @Sendable () throws(StoreWriteError) -> any BuildingStore
        /// Why outputs could not be built, by their texts (`NeededOutput.text`).
        public var failures: [[UInt8]: [UInt8]]

        public init(
            failures: [[UInt8]: [UInt8]] = [:],
            connect: @escaping @Sendable () throws(StoreWriteError) -> any BuildingStore
        ) {
            self.failures = failures
            self.connect = connect
        }
    }

    public init(_ input: Input, io: RootedIO) {
        self.input = input
        self.io = io
    }
}

/// The limits of a job. Nil means no limit.
public struct EvaluationLimits: Sendable, Equatable {
    /// The fuel in units: one for each call and force, and for each unit of work in a builtin.
    public var fuel: Int?
    public var memoryBytes: Int?
    /// The most nested frames.
    public var depth = 10_000_000
    /// The most time from the start of the job on, including compilation.
    public var timeout: Duration?
    /// The most bytes of the printed value.
    public var resultBytes: Int?
    /// The most bytes of the output of `trace` and `warn` that are kept; further ones are counted.
    public var printedBytes = 64 << 10

    public init() {}
}

/// The tracing of a job.
public struct EvaluationTrace {
    public var level: TraceLevel
    /// Notified on the thread of the machine.
    public var observer: any EvaluationObserver

    public init(level: TraceLevel, observer: any EvaluationObserver) {
        self.level = level
        self.observer = observer
    }
}
