import Foundation
import Testing

/// What `--stats` and NIX_SHOW_STATS tell.
@Suite struct StatisticsTests {
    private static let source = """
        let f = n: if n == 0 then { a = [ n ]; } else f (n - 1); in
        derivation { name = "n"; builder = toString (map (x: (f x).a) [ 1 2 3 ]); system = "s"; }
        """

    private func counts(_ messages: String) throws -> [String: Int] {
        let object = try JSONSerialization.jsonObject(with: Data(messages.utf8))
        let statistics = try #require(object as? [String: Any])
        var counts: [String: Int] = [:]
        for name in ["nrFunctionCalls", "nrThunks", "nrLookups", "nrPrimOpCalls"] {
            counts[name] = statistics[name] as? Int
        }
        counts["sets"] = (statistics["sets"] as? [String: Any])?["number"] as? Int
        counts["envs"] = (statistics["envs"] as? [String: Any])?["number"] as? Int
        counts["list"] = (statistics["list"] as? [String: Any])?["elements"] as? Int
        #expect(counts.count == 7)
        return counts
    }

    private func run(_ script: String) async throws -> LanguageOutcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.source.utf8).write(to: folder.appendingPathComponent("a.nix"))
        return try await FirnProcess.run(script: script, in: folder)
    }

    @Test(arguments: [
        #""$0" instantiate --stats a.nix"#, #"NIX_SHOW_STATS=1 "$0" instantiate a.nix"#,
        #""$0" eval -A drvPath --stats a.nix"#,
        #""$0" compile a.nix >a.log; "$0" eval -A drvPath --stats a.firn"#,
        #""$0" compile a.nix >a.log; "$0" instantiate --stats a.firn"#,
    ])
    func workIsCounted(_ script: String) async throws {
        let outcome = try await run(script)
        #expect(outcome.status == 0 && outcome.output.contains("/nix/store/"), "\(outcome)")
        for (name, count) in try counts(outcome.messages) { #expect(count > 0, "\(name)") }
    }

    @Test func aProgramDoesWhatItsSourceDoes() async throws {
        let fromSource = try await run(#""$0" eval --strict --stats a.nix"#)
        let fromProgram = try await run(#""$0" compile a.nix >a.log; "$0" eval --strict --stats a.firn"#)
        #expect(try counts(fromSource.messages) == counts(fromProgram.messages))
    }
}
