import ArgumentParser
import FirnCommands
import FirnProtocol
import FoundationEssentials

/// The options that all jobs of a submit share.
struct JobOptionArguments: ParsableArguments {
    @Option(
        name: [.customShort("A"), .customLong("attr")],
        help: ArgumentHelp("Select an attribute path; repeatable, with one job for each.", valueName: "path"))
    var attributes: [String] = []

    @Option(
        name: [
            .customLong("arg"), .customLong("argstr"), .customLong("arg-from-file"), .customLong("arg-from-stdin"),
        ],
        help: """
            NAME EXPR, with --argstr NAME TEXT, with --arg-from-file NAME FILE, or with --arg-from-stdin NAME: pass an \
            argument to a function.
            """)
    var arguments: [CallArgument] = []

    @Option(help: "The value of builtins.currentSystem; with an empty text it is missing (default: this machine's).")
    var system: String?

    @Flag(help: "Also evaluate everything inside the value.")
    var strict = false

    @Option(help: "The format of the value: nix, json or xml.")
    var format: ValueFormat = .nix

    @Option(help: "How much of the evaluation is traced: none, summary, calls or ops.")
    var trace: TraceLevelName = .none

    @Option(help: "The limit on fuel; this and the other limits default to the tenant's.")
    var maxFuel: UInt64?

    @Option(help: "The limit on memory, such as 512M, 2GiB or a number of bytes.")
    var maxMemory: ByteSize?

    @Option(help: "The limit on the call depth, in frames.")
    var maxDepth: UInt64?

    @Option(help: ArgumentHelp("Time after which the evaluation ends with deadlineExceeded.", valueName: "seconds"))
    var maxTime: Double?

    @Option(help: "The limit on the printed value, such as 16M.")
    var maxResult: ByteSize?

    @Option(help: "The limit on the trace, such as 64M.")
    var maxTrace: ByteSize?

    @Option(help: "From -1000 to 1000; a tenant's jobs with a higher priority run first.")
    var priority: Int32 = 0

    @Option(
        help: ArgumentHelp(
            "Submit only once under this key; a number is appended for each of several jobs.", valueName: "text"))
    var idempotencyKey: String?

    @Option(help: "A text by which lists show the job.")
    var label: String?

    @Option(help: ArgumentHelp("Start the job no earlier than this long from now.", valueName: "seconds"))
    var delay: Double?

    @Option(help: ArgumentHelp("Give the job up if it still waits after this long.", valueName: "seconds"))
    var expires: Double?

    @Option(
        name: [.customLong("extra-experimental-features"), .customLong("experimental-features")],
        help: "Experimental features of Nix to enable.")
    var features: [String] = []

    @Flag(
        help: """
            Build what the evaluation reads of derivations, on a worker that has a builder. Meanwhile the job holds no \
            worker.
            """)
    var allowImportFromDerivation = false

    @Option(help: "Run only on workers with this version of the evaluator.")
    var evaluatorVersion: String?

    mutating func validate() throws {
        for seconds in [maxTime, delay, expires].compactMap({ $0 }) where !(seconds > 0 && seconds < 1e9) {
            throw ValidationError(
                "--max-time, --delay and --expires take seconds above 0 and below 1000000000, not \(seconds)")
        }
        for (name, limit) in [("--max-fuel", maxFuel), ("--max-depth", maxDepth)] where limit == 0 {
            throw ValidationError("\(name) takes a number from 1")
        }
        try CallArgument.check(arguments)
        guard ProtocolLimits.priority.contains(priority) else {
            throw ValidationError("--priority takes a number from -1000 to 1000, not \(priority)")
        }
    }

    /// A specification with everything except what to evaluate.
    ///
    /// - Throws: `CommandFailure` if the file of an argument cannot be read.
    func template() throws -> WireJobSpecification {
        let arguments = try Self.list(arguments)
        return .with {
            $0.arguments = arguments
            $0.limits = limits()
            $0.traceLevel = trace.wire
            $0.format = format.wire
            $0.strict = strict
            $0.system = system ?? OwnSystem.name
            $0.priority = priority
            $0.idempotencyKey = Data((idempotencyKey ?? "").utf8)
            $0.features = Self.words(features)
            $0.evaluatorVersion = evaluatorVersion ?? ""
            $0.importFromDerivation = allowImportFromDerivation
            $0.label = label ?? ""
            let now = Date().timeIntervalSince1970
            if let delay { $0.notBeforeUnixMs = Int64((now + delay) * 1_000) }
            if let expires { $0.expiresUnixMs = Int64((now + (delay ?? 0) + expires) * 1_000) }
        }
    }

    /// The features in the options' values. As in Nix's configuration, a value may name several, separated by spaces.
    static func words(_ features: [String]) -> [String] {
        var words: [String] = []
        for word in features.flatMap({ $0.split(separator: " ").map(String.init) }) where !words.contains(word) {
            words.append(word)
        }
        return words
    }

    /// Whole milliseconds, at least 1, because 0 stands for the tenant's default.
    static func milliseconds(_ seconds: Double) -> UInt64 { max(1, UInt64(seconds * 1_000)) }

    private func limits() -> WireLimits {
        .with {
            $0.fuel = maxFuel ?? 0
            $0.memoryBytes = UInt64(maxMemory?.bytes ?? 0)
            $0.depth = maxDepth ?? 0
            $0.timeoutMs = maxTime.map(Self.milliseconds) ?? 0
            $0.resultBytes = UInt64(maxResult?.bytes ?? 0)
            $0.traceBytes = UInt64(maxTrace?.bytes ?? 0)
        }
    }

    /// The arguments of functions. Jobs require distinct names, so only the last value of a name is used.
    ///
    /// - Throws: `CommandFailure` if the file of an argument cannot be read.
    static func list(_ arguments: [CallArgument]) throws -> [WireArgument] {
        try CallArgument.last(arguments).map { argument in
            var wire = WireArgument.with { $0.name = argument.name }
            if case .expression(let source) = argument.value {
                wire.expression = Data(source.utf8)
            } else {
                do { wire.text = Data(try argument.text() ?? []) } catch { throw CommandFailure("\(error)") }
            }
            return wire
        }
    }
}

/// A trace level on the command line.
enum TraceLevelName: String, ExpressibleByArgument, CaseIterable {
    case none, summary, calls, ops

    var wire: WireTraceLevel {
        switch self {
        case .none: .none
        case .summary: .summary
        case .calls: .calls
        case .ops: .ops
        }
    }
}

/// A format of values on the command line.
enum ValueFormat: String, ExpressibleByArgument, CaseIterable {
    case nix, json, xml

    var wire: WireOutputFormat {
        switch self {
        case .nix: .nix
        case .json: .json
        case .xml: .xml
        }
    }
}
