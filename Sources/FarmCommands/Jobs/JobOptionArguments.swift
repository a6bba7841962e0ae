import ArgumentParser
import FirnCommands
import FirnProtocol
import FoundationEssentials

/// How jobs are run: what every job of a submit has in common.
struct JobOptionArguments: ParsableArguments {
    @Option(
        name: [.customShort("A"), .customLong("attr")],
        help: ArgumentHelp("Select an attribute path; several times: one job each.", valueName: "path"))
    var attributes: [String] = []

    @Option(
        name: [.customLong("arg"), .customLong("argstr")],
        help: "NAME EXPR, or with --argstr NAME TEXT: pass a value to a function.")
    var arguments: [CallArgument] = []

    @Option(help: "What builtins.currentSystem is; an empty text: it is not there.")
    var system = OwnSystem.name

    @Flag(help: "Evaluate everything inside the value too.")
    var strict = false

    @Option(help: "How the value is printed: nix, json or xml.")
    var format: ValueFormat = .nix

    @Option(help: "What is recorded of the evaluation: none, summary, calls or ops.")
    var trace: TraceLevelName = .none

    @Option(help: "Units of fuel; the tenant's default if not given, as for the other limits.")
    var maxFuel: UInt64?

    @Option(help: "Memory, as 512M, 2GiB or bytes.")
    var maxMemory: ByteSize?

    @Option(help: "Frames that wait for one another.")
    var maxDepth: UInt64?

    @Option(help: "Seconds after which the evaluation ends with deadlineExceeded.")
    var timeout: Double?

    @Option(help: "Bytes of the printed value.")
    var maxResult: ByteSize?

    @Option(help: "Bytes of the trace.")
    var maxTrace: ByteSize?

    @Option(help: "-1000 to 1000; jobs with more run earlier among those of the tenant.")
    var priority: Int32 = 0

    @Option(
        help: ArgumentHelp("Submit only once under this key; with several jobs a number is added.", valueName: "text"))
    var idempotencyKey: String?

    @Option(help: "A text to find the job by in lists.")
    var label: String?

    @Option(help: ArgumentHelp("Run no earlier than so many seconds from now.", valueName: "seconds"))
    var delay: Double?

    @Option(help: ArgumentHelp("Give up when no worker could take the job for so long.", valueName: "seconds"))
    var expires: Double?

    @Option(
        name: [.customLong("extra-experimental-features"), .customLong("experimental-features")],
        help: "Experimental features of Nix to enable.")
    var features: [String] = []

    @Option(help: "Run only on workers with this version of the evaluator.")
    var evaluatorVersion: String?

    mutating func validate() throws {
        for seconds in [timeout, delay, expires].compactMap({ $0 }) where !(seconds > 0 && seconds < 1e9) {
            throw ValidationError(
                "--timeout, --delay and --expires take seconds above 0 and below 1000000000, not \(seconds)")
        }
        for (name, limit) in [("--max-fuel", maxFuel), ("--max-depth", maxDepth)] where limit == 0 {
            throw ValidationError("\(name) takes a number from 1")
        }
        try CallArgument.check(arguments)
        guard ProtocolLimits.priority.contains(priority) else {
            throw ValidationError("--priority takes a number from -1000 to 1000, not \(priority)")
        }
    }

    /// A job's specification with everything but what it evaluates.
    func template() -> WireJobSpecification {
        .with {
            $0.arguments = Self.list(arguments)
            $0.limits = limits()
            $0.traceLevel = trace.wire
            $0.format = format.wire
            $0.strict = strict
            $0.system = system
            $0.priority = priority
            $0.idempotencyKey = Data((idempotencyKey ?? "").utf8)
            $0.features = Self.words(features)
            $0.evaluatorVersion = evaluatorVersion ?? ""
            $0.label = label ?? ""
            let now = Date().timeIntervalSince1970
            if let delay { $0.notBeforeUnixMs = Int64((now + delay) * 1_000) }
            if let expires { $0.expiresUnixMs = Int64((now + (delay ?? 0) + expires) * 1_000) }
        }
    }

    /// The features of options, each of which may name several, as in Nix's configuration.
    static func words(_ features: [String]) -> [String] {
        var words: [String] = []
        for word in features.flatMap({ $0.split(separator: " ").map(String.init) }) where !words.contains(word) {
            words.append(word)
        }
        return words
    }

    /// At least one: 0 stands for the tenant's default.
    static func milliseconds(_ seconds: Double) -> UInt64 { max(1, UInt64(seconds * 1_000)) }

    private func limits() -> WireLimits {
        .with {
            $0.fuel = maxFuel ?? 0
            $0.memoryBytes = UInt64(maxMemory?.bytes ?? 0)
            $0.depth = maxDepth ?? 0
            $0.timeoutMs = timeout.map(Self.milliseconds) ?? 0
            $0.resultBytes = UInt64(maxResult?.bytes ?? 0)
            $0.traceBytes = UInt64(maxTrace?.bytes ?? 0)
        }
    }

    /// What `--arg` and `--argstr` give: each name once, as jobs have them.
    static func list(_ arguments: [CallArgument]) -> [WireArgument] {
        CallArgument.last(arguments).map { argument in
            .with {
                $0.name = argument.name
                switch argument.value {
                case .expression(let source): $0.expression = Data(source.utf8)
                case .text(let text): $0.text = Data(text.utf8)
                case nil: break
                }
            }
        }
    }
}

/// A trace level by the name that design and protocol give it.
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

/// A way to print values.
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
