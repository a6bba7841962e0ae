import NixStore
import NixSyntax
import NixVM

/// The limits, settings and features of an evaluator.
public struct EvaluatorOptions: Sendable {
    /// The files that an evaluation may read.
    public enum Files: Sendable {
        /// All files, the environment and the clock, with the user's permissions, like Nix.
        case all
        /// The files and directories with these absolute paths, with everything below them. Environment and clock are
        /// hidden, so that equal sources and files give equal values. Symbolic links must lead to allowed paths, too.
        case below([String])

        /// No files at all.
        public static var none: Files { .below([]) }
    }

    /// The limits on fuel, memory and depth. They are for all evaluations together.
    public var limits: Limits
    /// The most time from the creation of the evaluator on; nil for no limit.
    public var timeout: Duration?
    /// Stops evaluations from another thread.
    public var cancellation: Cancellation?
    /// Receives the output of `trace` and warnings, one message at a time without the final newline; nil drops them.
    public var output: (@Sendable (String) -> Void)?
    /// The files that evaluations may read.
    public var files = Files.all
    /// Whether `|>` and `<|` are operators: Nix's experimental feature `pipe-operators`.
    public var pipeOperators: Bool
    /// Whether values that are printed without being forced show what Nix shows, which costs a thunk where a small value
    /// would do.
    package var delaysLikeNix = false
    package var settings: MachineSettings
    /// The literals that are warned about or refused.
    package var lints: LiteralLints
    /// Whether the cache finds programs by the contents of files alone. Otherwise a file that has the size, times and inode
    /// of one whose program is known is not read.
    package var checksContents = false
    /// Creates the cache for the programs of files; nil for none.
    package var diskCache: (@Sendable () -> DiskCache?)?

    /// Options without limits, which allow reading all files.
    public init() { self.init(limits: Limits()) }

    package init(
        limits: Limits = Limits(), settings: MachineSettings = MachineSettings(), pipeOperators: Bool = false,
        lints: LiteralLints = LiteralLints(), diskCache: (@Sendable () -> DiskCache?)? = nil
    ) {
        self.limits = limits
        self.settings = settings
        self.pipeOperators = pipeOperators
        self.lints = lints
        self.diskCache = diskCache
    }
}
