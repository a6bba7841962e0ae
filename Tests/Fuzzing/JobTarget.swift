import NixEval
import NixStore
import NixVM
import TestSupport

/// Many different jobs on one machine's memory, each compared with the same job on a new memory.
public struct JobTarget {
    /// A job, and what happens while it runs.
    public struct Plan: Sendable {
        public var job: EvaluationJob
        public var level: TraceLevel?
        public var isCancelled = false
        public var text: String
    }

    private var random: SeededGenerator
    private let programs: [[UInt8]]

    /// - Parameters:
    ///   - seed: the seed of the generator.
    ///   - programs: encoded programs that are run as jobs, besides sources.
    public init(seed: UInt64, programs: [[UInt8]]) {
        random = SeededGenerator(seed: seed)
        self.programs = programs
    }

    /// Sources that use resources which a machine must release: tables, stacks, names, and old objects with references
    /// to new ones.
    private static let growers = [
        // Many old thunks are updated with new values between two collections.
        "let l = builtins.genList (x: x * 1.5) N; in builtins.seq (builtins.length l) (builtins.foldl' (a: x: a + x) 0 l)",
        "let l = builtins.genList (x: [ x ]) N; in builtins.deepSeq l (builtins.length l)",
        "builtins.length (builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: if x.key > N then [ ] else [ { key = x.key + 1; } ]; })",
        "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f N",
        "builtins.attrNames (builtins.listToAttrs (builtins.genList (x: { name = \"name${toString x}\"; value = x; }) N))",
        "builtins.length (builtins.fromJSON (\"[\" + builtins.concatStringsSep \",\" (builtins.genList toString N) + \"]\"))",
        "let g = n: { v = n; r = if n == 0 then null else g (n - 1); }; in builtins.toJSON (g (N / 100))",
        "builtins.map (x: (builtins.tryEval (throw (toString x))).success) (builtins.genList (x: x) (N / 10))",
        "builtins.sort (a: b: a > b) (builtins.genList (x: x) (N / 10))",
        "let f = n: acc: if n == 0 then acc else f (n - 1) (acc // { ${\"k${toString n}\"} = n; }); in f (N / 100) { }",
        "builtins.fromTOML (builtins.concatStringsSep \"\\n\" (builtins.genList (x: \"[t${toString x}]\") (N / 20)))",
        "(derivation { name = \"n\"; builder = \"/b\"; system = \"x\"; args = builtins.genList toString (N / 50); }).drvPath",
        "builtins.trace \"line\" (builtins.stringLength (builtins.concatStringsSep \"x\" (builtins.genList toString N)))",
        "builtins.throw (builtins.concatStringsSep \"x\" (builtins.genList toString (N / 100)))",
    ]

    /// The next job.
    public mutating func next() -> Plan? {
        guard let io = HostileFiles.io() else { return nil }
        let directory = Array("/job".utf8)
        let input: EvaluationJob.Input
        var text: String
        switch random.below(10) {
        case 0..<4:
            text = HostileSource.make(seed: random.next(), size: 12)
            input = .source(Array(text.utf8), name: "hostile", directory: directory)
        case 4..<7 where !programs.isEmpty:
            let number = random.below(programs.count)
            text = "program \(number)"
            var bytes = programs[number]
            if random.chance(30) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
            input = .program(bytes, name: "program", directory: directory)
        default:
            let count = [3, 30, 300, 2_000, 2_000, 30_000][random.below(6)]
            text = Self.growers[random.below(Self.growers.count)].replacing("N", with: "\(count)")
            if random.chance(20) { text = "(builtins.tryEval (\(text))).success" }
            if random.chance(10) { text = "[ (\(text)) (abort \"end\") ]" }
            input = .source(Array(text.utf8), name: "grower", directory: directory)
        }
        var plan = Plan(job: EvaluationJob(input, io: io), text: text)
        limit(&plan.job)
        if random.chance(10) { plan.level = [.summary, .calls, .ops][random.below(3)] }
        plan.isCancelled = random.chance(2)
        return plan
    }

    private mutating func limit(_ job: inout EvaluationJob) {
        job.isStrict = random.chance(60)
        job.format = random.chance(10) ? .json : random.chance(5) ? .xml : .nix
        job.limits.fuel = [0, 1, 50, 1_000, 20_000, 20_000, 400_000, 400_000][random.below(8)]
        job.limits.memoryBytes = [1 << 20, 4 << 20, 16 << 20, 64 << 20, 64 << 20, 256 << 20][random.below(6)]
        job.limits.depth = [1, 20, 500, 20_000, 200_000][random.below(5)]
        job.limits.resultBytes = random.chance(10) ? 10 : 1 << 16
        job.limits.printedBytes = random.chance(10) ? 5 : 1 << 12
    }

    /// The parts of a report that are compared.
    public static func summary(_ report: EvaluationReport) -> String {
        let statistics = report.statistics
        let outcome: String =
            switch report.outcome {
            case .value(let bytes): "value \(String(decoding: bytes, as: UTF8.self))"
            case .failed(let failure): "failed \(failure)"
            case .rejected(let rejection): "rejected \(rejection)"
            case .resultTooLarge(let limit): "result over \(limit)"
            case .needsBuilds(let outputs): "needs \(outputs.count) builds"
            case .internalError(let text): "internal error \(text)"
            }
        return "fuel \(statistics.fuel) memory \(statistics.memoryPeakBytes) collections \(statistics.collections) "
            + "depth \(statistics.depthPeak) printed \(report.printed.count) \(report.printedBytesDropped) "
            + "events \(report.eventCounts) warnings \(report.warnings.count)\n\(outcome)"
    }

    /// Evaluates a plan and returns its report.
    public static func evaluate(_ plan: Plan, in machine: VirtualMachine) async -> EvaluationReport {
        let cancellation = Cancellation()
        if plan.isCancelled { cancellation.cancel() }
        return await machine.evaluate(plan, cancellation)
    }

    /// The difference between the results with a used and a new memory; nil if there is none.
    public static func finding(_ plan: Plan, _ used: EvaluationReport, _ fresh: EvaluationReport) -> Finding? {
        for (name, report) in [("used", used), ("fresh", fresh)] {
            if case .internalError(let text) = report.outcome { return Finding("internal error", "\(name): \(text)") }
            if case .failed(let failure) = report.outcome, failure.kind == .internalError {
                return Finding("violation \(name)", failure.message)
            }
        }
        let (a, b) = (summary(used), summary(fresh))
        if a == b { return nil }
        return Finding("used memory", "used: \(a.prefix(800))\nfresh: \(b.prefix(800))\n\(plan.text.prefix(400))")
    }
}

private final class CountingObserver: EvaluationObserver {}

extension VirtualMachine {
    fileprivate func evaluate(_ plan: JobTarget.Plan, _ cancellation: Cancellation) -> EvaluationReport {
        let trace = plan.level.map { EvaluationTrace(level: $0, observer: CountingObserver()) }
        return evaluate(plan.job, cancellation: cancellation, trace: trace)
    }
}
