import Foundation
import Fuzzing
import NixBytecode
import NixEval
import NixVM
import TestSupport
import Testing

/// A part of what `scripts/fuzz` does, with fixed seeds, and the cases that it found.
@Suite struct FuzzTests {
    static let cases: [String] = {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fuzz/Cases")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0 != "README" }.sorted().map { folder.appendingPathComponent($0).path }
    }()

    /// Whether a finding does not depend on the load of this process and the computer.
    private static func isCertain(_ finding: Finding) -> Bool {
        !finding.kind.hasPrefix("time") && !finding.kind.hasPrefix("memory")
    }

    @Test(arguments: cases.filter { !$0.contains("/limits-") }) func replaysCase(_ path: String) async throws {
        let found = try #require(FuzzCase(try String(contentsOfFile: path, encoding: .utf8)))
        #expect(await found.replay(hasDeadline: false).filter(Self.isCertain).map { "\($0.kind)\n\($0.text)" } == [])
    }

    /// Each case runs in a process of its own. The process ends, and its memory stays within the limit.
    @Test(arguments: cases.filter { $0.contains("/limits-") }) func keepsLimits(_ path: String) async throws {
        let found = try #require(FuzzCase(try String(contentsOfFile: path, encoding: .utf8)))
        let empty = try await Self.evaluate("1")
        let process = try await Self.evaluate(found.body)
        #expect(empty.code == 0 && (0...1).contains(process.code))
        #expect(process.peak - empty.peak <= 80 << 20, "\((process.peak - empty.peak) >> 20) MiB")
    }

    /// Evaluates a source in a process with limits of 64 MiB and one second. The result is its exit code and peak
    /// memory.
    private static func evaluate(_ source: String) async throws -> (code: Int32, peak: Int) {
        let bundle = URL(fileURLWithPath: CommandLine.arguments.first ?? ".").standardizedFileURL
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString).nix")
        try Data(source.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = try ChildProcess(
            bundle.deletingLastPathComponent().appendingPathComponent("firn"),
            [
                "eval", "--no-cache", "--pure", "--strict", "--stats", "--max-memory", "64MiB", "--max-time", "1",
                file.path,
            ],
            environment: ["HOME": "/homeless-shelter"])
        let code = await process.end()
        let line = try #require(process.errors.split(separator: "\n").last { $0.contains("\"residentPeak\":") })
        return (code, try #require(Int(line.filter(\.isNumber))))
    }

    @Test func sources() {
        let findings = BigStack.run { () -> [String] in
            (0..<60 as Range<UInt64>).flatMap { seed in
                let source = HostileSource.make(seed: seed)
                var settings = SourceTarget.settings(seed: seed)
                settings.timeout = nil
                return SourceTarget.findings(source, settings)
                    .filter(Self.isCertain).map { "seed \(seed): \($0.kind)\n\($0.text)" }
            }
        }
        #expect(findings == [])
    }

    @Test func programs() throws {
        let programs = Corpus.programs.compactMap { ProgramTarget.program($0) }
        try #require(programs.count > 500)
        let tally = BigStack.run { () -> (ran: Int, rejected: Int, found: [String]) in
            var tally = (ran: 0, rejected: 0, found: [String]())
            for seed in 0..<1_600 as Range<UInt64> {
                guard let mutant = ProgramTarget.mutant(of: programs[Int(seed) % programs.count], seed: seed) else {
                    continue
                }
                switch ProgramTarget.outcome(mutant, seed: seed, hasDeadline: false) {
                case .ran: tally.ran += 1
                case .rejected: tally.rejected += 1
                case .found(let findings): tally.found += findings.map { "seed \(seed): \($0.kind)\n\($0.text)" }
                }
            }
            return tally
        }
        #expect(tally?.found == [])
        // The test is meaningful only if many mutants pass the verifier.
        #expect((tally?.ran ?? 0) > 500)
        #expect((tally?.rejected ?? 0) > 100)
    }

    @Test func jobs() async {
        for seed in 100..<103 as Range<UInt64> {
            let found = await JobTarget.run(seed: seed, count: 60, programs: Corpus.programs)
            #expect(found?.finding == nil, "seed \(seed), job \(found?.index ?? 0)")
        }
    }

    /// The same with the machine's checks.
    @Test func checkedJobs() async {
        let found = await JobTarget.run(
            seed: 200, count: 25, programs: Corpus.programs, checks: MachineChecks(wholeHeapInterval: 50_000))
        #expect(found?.finding == nil, "job \(found?.index ?? 0)")
    }

    @Test func casesAreRead() throws {
        var found = FuzzCase(target: "programs", seed: 7)
        found.count = 3
        found.note = "two\nlines"
        found.body = FuzzCase.digits([0, 255, 16])
        let read = try #require(FuzzCase(found.text))
        #expect(read == found)
        #expect(read.bytes == [0, 255, 16])
        #expect(FuzzCase("nothing") == nil)
    }

    /// A source is shortened as long as the predicate holds.
    @Test func reducesSources() {
        let reduced = SourceReducer.reduce("(add (length [ 1 2 ]) (throw \"x\"))") { $0.contains("throw") }
        #expect(reduced == "(throw 1)")
    }
}
