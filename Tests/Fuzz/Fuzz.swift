import Foundation
import Fuzzing
import NixEval

/// Searches for defects of the evaluator. `scripts/fuzz` builds and starts it.
@main struct Fuzz {
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "run" where words.count >= 3: exit(run(words))
        case "work" where words.count == 5: await work(words)
        case "replay" where words.count == 2: exit(await replay(words[1]))
        case "reduce" where words.count == 2: exit(reduce(words[1]))
        case "show" where words.count == 4 && words[1] == "jobs":
            var jobs = JobTarget(seed: UInt64(words[2]) ?? 0, programs: Corpus.programs)
            for _ in 0..<(Int(words[3]) ?? 0) { _ = jobs.next() }
            if let plan = jobs.next() { print("level \(plan.level as Any), limits \(plan.job.limits)\n\(plan.text)") }
        case "show" where words.count == 3:
            let isHeavy = words[1] == "limits"
            print(HostileSource.make(seed: UInt64(words[2]) ?? 0, size: isHeavy ? 8 : 24, isHeavy: isHeavy))
        default:
            print(
                """
                usage: scripts/fuzz TARGET SECONDS [SEED]    look for faults; TARGET is sources, limits, programs or jobs
                       scripts/fuzz replay FILE              run the case of a file again
                       scripts/fuzz reduce FILE              print a shorter source with the same fault
                       scripts/fuzz show TARGET SEED         print the source of a seed
                       scripts/fuzz show jobs SEED NUMBER    print a job of a row
                """)
            exit(2)
        }
    }

    private static func run(_ words: [String]) -> Int32 {
        guard ["sources", "limits", "programs", "jobs"].contains(words[1]), let seconds = Double(words[2]), seconds > 0
        else {
            print("scripts/fuzz: TARGET is sources, limits, programs or jobs, and SECONDS a number above 0")
            return 2
        }
        let seed = words.count > 3 ? UInt64(words[3]) ?? 1 : UInt64.random(in: 1..<1 << 40)
        var supervisor = Supervisor(target: words[1], seconds: seconds, seed: seed)
        return supervisor.run()
    }

    private static func work(_ words: [String]) async {
        guard
            let worker = Worker(
                target: words[1], seed: UInt64(words[2]) ?? 1, seconds: Double(words[3]) ?? 1, folder: words[4])
        else { exit(2) }
        await worker.run()
    }

    private static func replay(_ file: String) async -> Int32 {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8), let found = FuzzCase(text) else {
            print("scripts/fuzz: '\(file)' is no case")
            return 2
        }
        let findings = await found.replay()
        for finding in findings { print("\(finding.kind)\n\(finding.text)") }
        print(findings.isEmpty ? "nothing is wrong" : "\(findings.count) findings")
        return findings.isEmpty ? 0 : 1
    }

    private static func reduce(_ file: String) -> Int32 {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8), var found = FuzzCase(text),
            found.target == "sources" || found.target == "limits"
        else {
            print("scripts/fuzz: '\(file)' is no case of the targets sources and limits")
            return 2
        }
        let settings = SourceTarget.settings(seed: found.seed)
        let body = found.body
        let isHeavy = found.target == "limits"
        func findings(_ source: String) -> [Finding] {
            isHeavy ? SourceTarget.passedLimits(source) : SourceTarget.findings(source, settings)
        }
        let reduced = BigStack.run {
            guard let kind = findings(body).first?.kind else { return body }
            return SourceReducer.reduce(body) { source in findings(source).contains { $0.kind == kind } }
        }
        found.body = reduced ?? body
        print(found.text)
        return 0
    }
}
