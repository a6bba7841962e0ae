import Foundation
import TestSupport
import Testing

@testable import FirnCoordinator

/// Runs of the SPIN model, replayed on the state machine. `scripts/model` verifies the model itself, and
/// protocol/model.md explains it.
@Suite struct SpinTests {
    private static let spin = URL(filePath: "/usr/bin/spin")
    private static let model = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../protocol/lease.pml").standardizedFileURL

    /// The runs of each number of jobs and workers.
    private static let runs = 1...75

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: spin.path),
            "Debian's package spin is not installed"))
    func theStateMachineDoesWhatTheModelDoes() async throws {
        var events: [String: Int] = [:]
        for (jobs, workers) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            for seed in Self.runs {
                let steps = try await Self.run(jobs: jobs, workers: workers, seed: seed)
                for step in steps { events[step.name, default: 0] += 1 }
                guard let difference = Self.replay(steps, jobs: jobs, workers: workers) else { continue }
                Issue.record("\(jobs) jobs, \(workers) workers, seed \(seed): \(difference)")
            }
        }
        let expected = [
            "submit", "cancel", "client", "commit", "stored", "fail", "crash", "stop", "start", "drain",
            "drainWorker",
            "hello", "beat", "result", "release", "goodbye", "unreachable", "credit", "sweep", "orphans",
            "silence", "grace",
        ]
        #expect(expected.filter { events[$0] == nil }.isEmpty, "no run has these events: \(events)")
    }

    /// Replays a run, and describes the first step in which the state machine differs; nil if there is none.
    private static func replay(_ steps: [SpinReplay.Step], jobs: Int, workers: Int) -> String? {
        var replay = SpinReplay(jobs: jobs, workers: workers)
        for (number, step) in steps.enumerated() {
            guard let difference = replay.make(step) else { continue }
            let past = steps[...number].suffix(12).map { $0.event.joined(separator: " ") }.joined(
                separator: ", ")
            return "step \(number) (\(past)): \(difference)"
        }
        return nil
    }

    /// The steps of one run. Its number of faults, cancelled jobs and drains depends on the seed.
    private static func run(jobs: Int, workers: Int, seed: Int) async throws -> [SpinReplay.Step] {
        let folder = URL(filePath: NSTemporaryDirectory()).appending(
            path: "firn-spin-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let bounds = [
            "JOBS": jobs, "WORKERS": workers, "FAULTS": 2 + seed % 12, "CANCELS": seed % 3,
            "DRAINS": seed / 3 % 3,
        ]
        let process = try ChildProcess(
            spin, ["-T", "-n\(seed)", "-DSPEND_ALL"] + bounds.map { "-D\($0)=\($1)" } + [model.path],
            environment: ProcessInfo.processInfo.environment, in: folder)
        let code = await process.end()
        let steps = SpinReplay.steps(process.output)
        try #require(code == 0 && !steps.isEmpty, "\(process.output)\(process.errors)")
        return steps
    }
}
