import Foundation
import Testing

@testable import FarmCommands

/// The differences between the lines of two evaluations.
@Suite struct ComparisonTests {
    private func evaluation(_ lines: [String]) throws -> Evaluation {
        var evaluation = Evaluation()
        for line in lines { try evaluation.add(line) }
        return evaluation
    }

    private func line(
        _ name: String, _ derivation: String, system: String = "x86_64-linux", meta: String? = nil, stats: String? = nil
    ) -> String {
        var members = [#""attr":"\#(name)""#, #""drvPath":"/nix/store/\#(derivation).drv""#, #""system":"\#(system)""#]
        if let meta { members.append(#""meta":\#(meta)"#) }
        if let stats { members.append(#""stats":\#(stats)"#) }
        return "{" + members.joined(separator: ",") + "}"
    }

    private func error(_ name: String, _ message: String) -> String {
        #"{"attr":"\#(name)","error":"error:\n  … while calling\n\n  error: \#(message)"}"#
    }

    @Test func tellsWhatDiffers() throws {
        let old = try evaluation([
            line("same", "s"), line("gone", "g"), line("changed", "c1"), line("moved", "m"), error("mended", "was"),
            error("still", "one"), line("breaks", "b"), line("described", "d", meta: #"{"a":1,"position":"f:1"}"#),
            #"{"summary":{"derivations":6}}"#,
        ])
        let new = try evaluation([
            line("same", "s"), line("new", "n", system: "aarch64-linux"), line("changed", "c2"), line("alias", "c2"),
            line("moved-here", "m"), line("mended", "f"), error("still", "two"), error("breaks", "oh"),
            line("described", "d", meta: #"{"a":[2],"b":true,"position":"f:9"}"#),
        ])
        let comparison = try Comparison(old, new)
        #expect(comparison.added == ["alias", "mended", "moved-here", "new"])
        #expect(comparison.removed == ["breaks", "gone", "moved"])
        #expect(comparison.changed.map(\.name) == ["changed"])
        #expect(comparison.changed.first?.new == "/nix/store/c2.drv")
        #expect(comparison.newErrors == [Comparison.Failure(name: "breaks", message: "error: oh")])
        #expect(comparison.mendedErrors == [Comparison.Failure(name: "mended", message: "error: was")])
        #expect(comparison.otherErrors == [Comparison.Failure(name: "still", message: "error: two")])
        // What has another name is not built again, and what has two names is built once.
        #expect(comparison.rebuilds == ["x86_64-linux": 2, "aarch64-linux": 1])
        let members = comparison.meta.flatMap { $0.members }
        #expect(members.map(\.name) == ["a", "b"])
        #expect(members.map(\.old) == ["1", nil] && members.map(\.new) == ["[2]", "true"])
        #expect(comparison.unchanged == 1)
        #expect(!comparison.isEmpty)
    }

    @Test func whatWasUsedIsNoDifference() throws {
        let old = try evaluation([line("a", "a", stats: #"{"cpuNs":1000,"wallNs":5,"fuel":7,"allocatedBytes":9}"#)])
        let new = try evaluation([line("a", "a", stats: #"{"cpuNs":2000}"#)])
        #expect(try Comparison(old, new).isEmpty)
        #expect(old.usage?.cpuNanoseconds == 1_000 && old.usage?.fuel == 7)
        #expect(new.usage?.wallNanoseconds == 0)
    }

    @Test func refusesWhatIsNoLine() {
        for text in ["", "[]", "{}", #"{"attr":1}"#, #"{"attr":"a""#, "nonsense"] {
            #expect(throws: EvaluatedAttribute.Mistake.self, "\(text)") { try evaluation([text]) }
        }
        #expect(throws: EvaluatedAttribute.Mistake.self) { try evaluation([line("a", "a"), line("a", "b")]) }
    }

    private func usage(_ seconds: Double) -> EvaluatedAttribute.Usage {
        var usage = EvaluatedAttribute.Usage()
        usage.cpuNanoseconds = UInt64(seconds * 1e9)
        usage.fuel = 100
        return usage
    }

    @Test func noiseIsTold() throws {
        let quiet = try #require(RunStatistics([1, 1.2, 1.1].map(usage), [2.1, 2, 2.2].map(usage)))
        #expect(quiet.runs == 3)
        let row = try #require(quiet.rows.first)
        #expect(row.old.median == 1.1 && row.new.median == 2.1)
        #expect(row.isNoise(runs: 3) == false)
        #expect(quiet.rows.first { $0.name == "fuel" }?.isNoise(runs: 3) == true)
        let noisy = try #require(RunStatistics([1, 2, 1.5].map(usage), [1.4, 2.5, 1.9].map(usage)))
        #expect(noisy.rows.first?.isNoise(runs: 3) == true)
        let single = try #require(RunStatistics([usage(1)], [usage(2)]))
        #expect(single.rows.first?.isNoise(runs: 1) == nil)
        #expect(single.rows.first?.ratio == 2)
        #expect(RunStatistics([], [usage(1)]) == nil)
        #expect(RunStatistics.Figure([4, 1, 2, 3]).median == 2.5)
    }

    @Test func printsEveryFormat() throws {
        let old = try evaluation([line("a", "a1", meta: #"{"broken":false}"#), error("b", "x")])
        let new = try evaluation([line("a", "a2", meta: #"{"broken":true}"#), error("c", "`y` | z")])
        let comparison = try Comparison(old, new)
        let statistics = RunStatistics([usage(1)], [usage(1.5)])
        let text = ComparisonText(comparison: comparison, statistics: statistics).text
        #expect(text.hasPrefix("0 added, 0 removed, 1 changed, 1 new errors, 1 mended errors, 0 unchanged\n"))
        #expect(text.contains("rebuilds on x86_64-linux: 1\n"))
        #expect(text.contains("  a: /nix/store/a1.drv -> /nix/store/a2.drv\n"))
        #expect(text.contains("  a meta.broken: false -> true\n"))
        #expect(text.contains("one run each, so noise is not known"))
        #expect(text.contains("1 s") && text.contains("1.500 s") && text.contains("x1.500"))
        let markdown = ComparisonMarkdown(comparison: comparison, statistics: statistics).text
        #expect(markdown.contains("<details open><summary>New errors (1)</summary>\n\n- `c`: `error:  y  | z`\n"))
        #expect(markdown.contains("| `x86_64-linux` | 1 |"))
        let json = ComparisonJSON(comparison: comparison, statistics: statistics).value.text
        #expect(json.contains(#""changed":[{"attr":"a","old":"/nix/store/a1.drv","new":"/nix/store/a2.drv"}]"#))
        #expect(json.contains(#""meta":[{"attr":"a","changes":{"broken":{"old":false,"new":true}}}]"#))
        #expect(json.contains(#""rebuilds":{"x86_64-linux":1}"#))
        let same = ComparisonText(comparison: try Comparison(old, old), statistics: nil).text
        #expect(same == "no differences in 2 attributes\n")
    }

    @Test func equalTreesAreFound() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/firn-trees-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for tree in ["a", "b"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(tree)/sub", withIntermediateDirectories: true)
            try "text".write(toFile: "\(folder)/\(tree)/sub/file", atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(tree)/link", withDestinationPath: "sub")
        }
        func areEqual() -> Bool { TreeEquality().areEqual(Array("\(folder)/a".utf8), Array("\(folder)/b".utf8)) }
        #expect(areEqual())
        try "more".write(toFile: "\(folder)/b/sub/file", atomically: true, encoding: .utf8)
        #expect(!areEqual())
        try "text".write(toFile: "\(folder)/b/sub/file", atomically: true, encoding: .utf8)
        #expect(areEqual())
        try "".write(toFile: "\(folder)/b/sub/other", atomically: true, encoding: .utf8)
        #expect(!areEqual())
    }
}
