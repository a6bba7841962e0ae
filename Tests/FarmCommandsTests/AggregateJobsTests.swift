import Testing

@testable import FarmCommands

@Suite struct AggregateJobsTests {
    typealias Job = AggregateJobs.Job
    typealias Aggregate = AggregateJobs.Aggregate

    static func resolved(_ jobs: [String: Job]) -> AggregateJobs.Resolution { AggregateJobs(jobs).resolved() }

    @Test func namesAreJobs() {
        #expect(
            Self.resolved(["b": Job(), "a": Job(), "all": Job(names: ["b", "a", "b"])])
                == .ordered([Aggregate(name: "all", constituents: ["a", "b"])]))
        #expect(Self.resolved(["a": Job()]) == .ordered([]))
    }

    @Test func whatIsMissingOrFailedBreaksAnAggregate() {
        let jobs = ["bad": Job(error: "error: no"), "all": Job(names: ["none", "bad", "bad"])]
        let broken = [
            AggregateJobs.Broken(name: "none", reason: "does not exist"),
            AggregateJobs.Broken(name: "bad", reason: "error: no"),
        ]
        #expect(Self.resolved(jobs) == .ordered([Aggregate(name: "all", constituents: [], broken: broken)]))
    }

    /// A pattern matches everything but the aggregate itself. Without being asked for, a name is no pattern.
    @Test func patternsMatchJobs() {
        let jobs = ["p.a": Job(), "p.b": Job(), "q": Job()]
        let all = Job(names: ["p.*"], areGlobs: true)
        #expect(
            Self.resolved(jobs.merging(["p.all": all]) { $1 })
                == .ordered([Aggregate(name: "p.all", constituents: ["p.a", "p.b"])]))
        let none = Job(names: ["t.*"], areGlobs: true)
        let unmatched = AggregateJobs.Broken(name: "t.*", reason: "constituent glob pattern had no matches")
        #expect(
            Self.resolved(jobs.merging(["all": none]) { $1 })
                == .ordered([Aggregate(name: "all", constituents: [], broken: [unmatched])]))
        let plain = AggregateJobs.Broken(name: "p.*", reason: "does not exist")
        #expect(
            Self.resolved(jobs.merging(["all": Job(names: ["p.*"])]) { $1 })
                == .ordered([Aggregate(name: "all", constituents: [], broken: [plain])]))
    }

    @Test func aJobThatFailedDoesNotMatchAPattern() {
        let jobs = ["p.a": Job(error: "no"), "p.b": Job(), "all": Job(names: ["p.*"], areGlobs: true)]
        let broken = AggregateJobs.Broken(name: "p.a", reason: "no")
        #expect(Self.resolved(jobs) == .ordered([Aggregate(name: "all", constituents: ["p.b"], broken: [broken])]))
    }

    @Test func aggregatesFollowThoseThatTheyNeed() {
        let jobs = [
            "a": Job(names: ["c"]), "b": Job(names: ["x"]), "c": Job(names: ["b", "x"]), "x": Job(),
            "self": Job(names: ["self", "x"]),
        ]
        guard case .ordered(let aggregates) = Self.resolved(jobs) else {
            Issue.record("there is no cycle")
            return
        }
        #expect(aggregates.map(\.name) == ["b", "c", "a", "self"])
    }

    @Test func aCycleIsNamed() {
        let jobs = [
            "a": Job(names: ["b"]), "b": Job(names: ["c"]), "c": Job(names: ["b"]), "d": Job(names: ["x"]), "x": Job(),
        ]
        #expect(Self.resolved(jobs) == .cycle("b", "c", others: ["a", "d"]))
    }

    /// The search has no depth of its own.
    @Test func aLongChainIsNoProblem() {
        var jobs = ["j0": Job()]
        for index in 1...5_000 { jobs["j\(index)"] = Job(names: ["j\(index - 1)"]) }
        guard case .ordered(let aggregates) = Self.resolved(jobs) else {
            Issue.record("there is no cycle")
            return
        }
        #expect(aggregates.first?.name == "j1" && aggregates.last?.name == "j5000")
    }
}
