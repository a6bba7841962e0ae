import Foundation
import Fuzzing
import NixBytecode
import NixEval
import Platform

/// The process that runs cases one after another. It records each case before it begins, so that the one that ends the
/// process is known.
struct Worker {
    private let target: String
    private let seed: UInt64
    private let end: UInt64
    private let folder: String
    private let progress: Int32
    /// The most findings of one kind that are written.
    private static let most = 12

    init?(target: String, seed: UInt64, seconds: Double, folder: String) {
        self.target = target
        self.seed = seed
        self.folder = folder
        end = MonotonicClock.now() &+ UInt64(seconds * 1e9)
        progress = unsafe open("\(folder)/progress", O_WRONLY | O_CREAT, 0o644)
        if progress < 0 { return nil }
    }

    func run() async {
        switch target {
        case "jobs": await jobs()
        default: _ = BigStack.run { cases() }
        }
    }

    /// Records the current case for the supervisor: its seed, and for jobs the index in the sequence.
    private func note(_ seed: UInt64, _ index: Int) {
        var text = "\(seed) \(index)"
        while text.utf8.count < 48 { text += " " }
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe pwrite(progress, $0.baseAddress, $0.count, 0) }
    }

    private func cases() {
        var seed = seed
        var kinds: [String: Int] = [:]
        let programs = target == "programs" ? Corpus.programs.compactMap { try? Program.load($0) } : []
        while MonotonicClock.now() < end {
            note(seed, 0)
            var found = FuzzCase(target: target, seed: seed)
            let findings: [Finding]
            if target == "limits" {
                found.body = HostileSource.make(seed: seed, size: 8, isHeavy: true)
                findings = SourceTarget.passedLimits(found.body)
            } else if target == "sources" {
                found.body = HostileSource.make(seed: seed)
                findings = SourceTarget.findings(found.body, SourceTarget.settings(seed: seed))
            } else {
                let original = programs[Int(seed % UInt64(programs.count))]
                guard let bytes = ProgramTarget.mutant(of: original, seed: seed) else { continue }
                found.body = FuzzCase.digits(bytes)
                if case .found(let list) = ProgramTarget.outcome(bytes, seed: seed) {
                    findings = list
                } else {
                    findings = []
                }
            }
            for finding in findings where kinds[finding.kind, default: 0] < Self.most {
                kinds[finding.kind, default: 0] += 1
                write(found, finding)
            }
            seed &+= 1
        }
        note(seed, -1)
    }

    /// The number of jobs that share the memory of one machine.
    static let row = 200

    private func jobs() async {
        var seed = seed
        while MonotonicClock.now() < end {
            let current = seed
            let found = await JobTarget.run(seed: seed, count: Self.row, programs: Corpus.programs) {
                note(current, $0)
            }
            if let found {
                var file = FuzzCase(target: "jobs", seed: seed)
                file.count = found.index + 1
                write(file, found.finding)
            }
            seed &+= 1
        }
        note(seed, -1)
    }

    private func write(_ found: FuzzCase, _ finding: Finding) {
        var found = found
        found.note = "\(finding.kind)\n\(finding.text)"
        let name = finding.kind.map { $0.isLetter || $0.isNumber ? $0 : "-" }
        let path = "\(folder)/\(target)-\(String(name))-\(found.seed)"
        try? found.text.write(toFile: path, atomically: true, encoding: .utf8)
        FileHandle.standardOutput.write(Data("\(finding.kind), seed \(found.seed): \(path)\n".utf8))
    }
}
