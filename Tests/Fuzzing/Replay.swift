import NixBytecode
import NixEval
import NixVM

extension FuzzCase {
    /// Runs the case again, and returns the findings.
    ///
    /// - Parameter hasDeadline: whether sources and programs have the time limit of their target. Fuel ends them anyway,
    ///   and on a busy computer a deadline would end some runs earlier than others.
    public func replay(hasDeadline: Bool = true) async -> [Finding] {
        switch target {
        case "sources":
            let source = body
            var settings = SourceTarget.settings(seed: seed)
            if !hasDeadline { settings.timeout = nil }
            return BigStack.run { SourceTarget.findings(source, settings) } ?? []
        case "limits":
            let source = body
            return BigStack.run { SourceTarget.passedLimits(source) } ?? []
        case "programs":
            guard let bytes else { return [Finding("unreadable", "the body is no hexadecimal number")] }
            let seed = seed
            let outcome = BigStack.run { ProgramTarget.outcome(bytes, seed: seed, hasDeadline: hasDeadline) }
            if case .found(let findings)? = outcome { return findings }
            return []
        case "jobs":
            let found = await JobTarget.run(seed: seed, count: count, programs: Corpus.programs)
            return found.map { [$0.finding] } ?? []
        default: return [Finding("unknown target", target)]
        }
    }
}

extension JobTarget {
    /// A job whose result with a used memory differs from that with a new one.
    public struct Found: Sendable {
        public var index: Int
        public var finding: Finding
    }

    /// Runs jobs on one memory, and each on a new one; stops at the first difference.
    public static func run(
        seed: UInt64, count: Int, programs: [[UInt8]], checks: MachineChecks? = nil,
        progress: (Int) -> Void = { _ in }
    ) async -> Found? {
        var jobs = JobTarget(seed: seed, programs: programs)
        guard let used = try? VirtualMachine(programCacheBytes: 1 << 20, checks: checks) else {
            return Found(index: 0, finding: Finding("no machine", "the thread cannot be started"))
        }
        for index in 0..<count {
            guard let plan = jobs.next(), let fresh = try? VirtualMachine(programCacheBytes: 0) else { return nil }
            progress(index)
            let a = await evaluate(plan, in: used)
            let b = await evaluate(plan, in: fresh)
            if let finding = finding(plan, a, b) { return Found(index: index, finding: finding) }
        }
        return nil
    }
}
