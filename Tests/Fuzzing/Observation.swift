import NixBytecode
import NixEval
import NixStore
import NixVM
import Platform

/// The result of one run, as far as other runs of the same input must agree with it.
public struct Observation: Sendable, Equatable {
    /// The printed value, or the failure with its kind and backtrace.
    public var text: String
    /// The kind of the failure; nil for a value.
    public var kind: FailureKind?
    public var message = ""
    public var fuel: Int
    /// The output of `trace` and `warn`.
    public var printed: [String]
    /// The processor time of the thread in nanoseconds, which is not compared.
    public var nanoseconds: UInt64 = 0
    /// The largest increase of the resident memory in bytes, which is not compared.
    public var residentBytes = 0
    /// Counts that must agree between machines with new and used memory.
    public var counts: [Int] = []

    /// Whether a limit on time or memory ended it. Other runs need not end at the same point.
    public var endsByResources: Bool {
        switch kind {
        case .memoryExceeded, .deadlineExceeded, .cancelled: true
        default: false
        }
    }

    /// Whether a self-check of the machine failed.
    public var isViolation: Bool { kind == .internalError }
}

/// The parameters of a run.
public struct RunSettings: Sendable {
    public var name: String
    public var stress = false
    public var checks: MachineChecks?
    public var countsWork = false
    public var level: TraceLevel?
    public var fuel: Int? = 20_000
    public var memory: Int? = 64 << 20
    public var depth = 20_000
    /// The time limit in nanoseconds; nil for none.
    public var timeout: UInt64? = 1_000_000_000

    public init(_ name: String) { self.name = name }

    public static let plain = RunSettings("plain")
}

/// An observer that ignores all events.
private final class SilentObserver: EvaluationObserver {}

/// Runs sources and programs on new machines. It must be called on a thread of `BigStack`.
public enum Run {
    static let directory = Array("/job".utf8)

    /// The input of a run.
    public enum Input {
        case source(String)
        /// An encoded program, which is verified first.
        case program([UInt8])
    }

    /// Runs an input; nil if there is no machine, or if the verifier rejects the program.
    public static func observe(_ input: Input, _ settings: RunSettings) -> Observation? {
        guard let io = HostileFiles.io() else { return nil }
        let limits = Limits(
            fuel: settings.fuel, memory: settings.memory, depth: settings.depth,
            deadline: settings.timeout.map { MonotonicClock.now() &+ $0 })
        let machine = MachineSettings(
            stress: settings.stress, currentSystem: nil, pure: true, countsWork: settings.countsWork,
            checks: settings.checks)
        ResidentMemory.resetPeak()
        let before = ResidentMemory.current()
        let begin = MonotonicClock.threadTime()
        let lines = Lines()
        guard
            let evaluator = Evaluator(
                io: io, options: EvaluatorOptions(limits: limits, settings: machine), print: { lines.add($0) }),
            var observation = observe(input, evaluator, settings.level)
        else { return nil }
        observation.nanoseconds = MonotonicClock.threadTime() &- begin
        observation.residentBytes = ResidentMemory.peak() - before
        observation.printed = lines.texts
        return observation
    }

    private static func observe(
        _ input: Input, _ evaluator: Evaluator, _ level: TraceLevel?
    ) -> Observation? {
        let observer = SilentObserver()
        if let level { evaluator.observe(observer, level: level) }
        do throws(EvalFailure) {
            let value: ValueHandle
            switch input {
            case .source(let source):
                value = try evaluator.load(source: Array(source.utf8), name: "fuzz", directory: directory)
            case .program(let bytes):
                guard let program = try? Program.load(bytes) else { return nil }
                value = try evaluator.load(program: program, name: "fuzz", directory: directory)
            }
            let result = try evaluator.deepForce(value)
            let text = try evaluator.machine.printResult(result, limit: 1 << 16)
            return Observation(
                text: String(decoding: text, as: UTF8.self), fuel: evaluator.machine.fuelUsed, printed: [])
        } catch {
            let text = evaluator.report(error).text(showTrace: true)
            return Observation(
                text: String(decoding: text.prefix(1 << 16), as: UTF8.self), kind: error.kind, message: error.text,
                fuel: evaluator.machine.fuelUsed, printed: [])
        }
    }
}

/// The output of a machine, truncated.
private final class Lines {
    private(set) var texts: [String] = []
    private var bytes = 0

    func add(_ line: [UInt8]) {
        guard bytes < 1 << 16 else { return }
        bytes += line.count + 1
        texts.append(String(decoding: line.prefix(1 << 12), as: UTF8.self))
    }
}
