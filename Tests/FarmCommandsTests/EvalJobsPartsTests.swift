import NixStore
import Testing

@testable import FarmCommands

@Test func aTextIsAStringOfNix() {
    #expect(JobImage.literal("a \"b\" ${c} \\ $") == "\"a \\\"b\\\" \\${c} \\\\ \\$\"")
}

@Suite struct EvalJobsPartsTests {
    static func line(_ path: [String], wallNs: UInt64) throws -> WalkLine {
        let stats = "{\"wallNs\":\(wallNs),\"cpuNs\":2,\"fuel\":3,\"allocatedBytes\":4}"
        return try WalkLine("{\"attr\":\"x\"}\t{\"kind\":\"derivation\",\"stats\":\(stats)}"[...], path: path)
    }

    @Test func theBudgetIsDivided() {
        let budget = MemoryBudget(share: 1 << 30, workers: 3)
        let beside = MemoryBudget.processBytes + budget.programCacheBytes
        #expect(budget.ofJob < (1 << 30) - beside && budget.ofJob > (1 << 30) / 4 * 3)
        #expect(budget.ofLoneJob == 3 * budget.ofJob)
        #expect(budget.ofLoneJob + 3 * beside < 3 << 30)
        let least = MemoryBudget(share: MemoryBudget.minimumShare, workers: 1)
        #expect(least.ofJob > MemoryBudget.minimumShare / 3)
        let limited = MemoryBudget(share: 1 << 30, workers: 3, jobLimit: 1 << 20)
        #expect(limited.ofJob == 1 << 20 && limited.ofLoneJob == 1 << 20)
    }

    @Test func progressTellsRateRestAndTheLongest() throws {
        var queue = AttributeQueue(workers: 1)
        let top = try AttributeQueueTests.batch(&queue)
        let names = (0..<400).map { "\"a\($0)\"" }.joined(separator: ",")
        _ = try queue.finish(
            top, lines: [try WalkLine("{\"attrs\":[\(names)]}\t{\"kind\":\"set\"}"[...], path: [])])
        var estimate = RunEstimate(begin: 0)
        #expect(
            estimate.text(queue, now: 5_000_000_000) == "0 derivations, 0 errors; 400 attributes left, 0 jobs run")
        let batch = try AttributeQueueTests.batch(&queue)
        let lines = try (0..<199).map { try Self.line(["a\($0)"], wallNs: UInt64(1_000_000 * $0)) }
        _ = try queue.finish(batch, lines: lines)
        for line in lines { estimate.note(line) }
        #expect(
            estimate.text(queue, now: 2_000_000_000)
                == "199 derivations, 0 errors; 201 attributes left, 0 jobs run; 100/s, 2.0 s left; "
                + "longest: a198 0.2 s")
    }

    @Test(arguments: [(0.04, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 1 s"), (7_199.6, "120 min 0 s")])
    func timesAreShort(_ seconds: Double, _ text: String) { #expect(RunEstimate.time(seconds) == text) }

    @Test func statsFollowTheOtherFields() async throws {
        let line = try Self.line(["x"], wallNs: 1)
        let plain = try JobReceiver()
        #expect(try await plain.texts(of: [line]) == [#"{"attr":"x"}"#])
        let full = try JobReceiver(showsStats: true)
        #expect(
            try await full.texts(of: [line])
                == [#"{"attr":"x","stats":{"wallNs":1,"cpuNs":2,"fuel":3,"allocatedBytes":4}}"#])
    }

    static func path(_ name: String) -> [UInt8] { Array("/nix/store/00000000000000000000000000000000-\(name)".utf8) }

    @Test func cacheStatusIsWhatIsMissing() {
        typealias Missing = DaemonQueries.Missing
        #expect(CacheStatus.status(Missing()) == .local)
        #expect(CacheStatus.status(Missing(substitutes: [Self.path("a")])) == .cached)
        #expect(CacheStatus.status(Missing(builds: [Self.path("a.drv")])) == .notBuilt)
        #expect(CacheStatus.status(Missing(substitutes: [Self.path("a")], unknown: [Self.path("b")])) == .notBuilt)
        // A derivation that was not written says nothing about its outputs.
        #expect(CacheStatus.status(Missing(unknown: [Self.path("b.drv")])) == .local)
    }

    @Test func jsonIsReadAndWritten() throws {
        var value = try JSONValue(parsing: #"{"b":[1,2.5,"x",null,true],"a":{"c":"ü\n"}}"#)
        #expect(value.text == #"{"a":{"c":"ü\n"},"b":[1,2.5,"x",null,true]}"#)
        value["a"] = nil
        value["z"] = .number(1)
        #expect(value.text == #"{"b":[1,2.5,"x",null,true],"z":1}"#)
        #expect(throws: (any Error).self) { try JSONValue(parsing: "{") }
    }

    @Test(arguments: [
        ("a", ["a"]), ("a.b-c.d", ["a", "b-c", "d"]), ("a.\"b.c\".d", ["a", "b.c", "d"]),
    ]) func fragmentsAreAttributePaths(_ fragment: String, _ names: [String]) {
        #expect(JobFlake.names(fragment) == names)
    }
}
