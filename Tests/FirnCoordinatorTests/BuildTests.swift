import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Jobs that wait for builds hold no worker, and are queued again when the builds have ended.
@Suite struct BuildTests {
    private let worker = Farm.worker(1)

    private static func job(_ text: String) -> WireJobSpecification {
        Farm.job(text) { $0.importFromDerivation = true }
    }

    private func farm(jobs: Int, building: Int = 4) -> (Farm, [JobID]) {
        var settings = CoordinatorSettings()
        settings.defaultPolicy.maximumBuilding = building
        var farm = Farm(settings: settings)
        farm.hello()
        farm.connect(worker, name: "w1", credit: 16, builds: true)
        let ids = farm.submit((0..<jobs).map { Self.job("\($0)") })
        farm.settle()
        return (farm, ids)
    }

    @Test func aJobIsEvaluatedAgainWhenItsBuildsHaveEnded() {
        var (farm, ids) = farm(jobs: 2)
        farm.need(worker, ids[0], 1, ["a", "b"])
        farm.settle()
        #expect(farm.state(of: ids[0]) == .building)
        #expect(farm.state(of: ids[1]) == .running, "the worker is free for the next job")
        #expect(farm.committed(worker).map(\.job) == [UInt64(ids[0].rawValue)], "the worker need not keep it")
        #expect(farm.startedBuilds(worker) == [ids[0]])
        farm.finish(worker, ids[1], 1)
        farm.endBuilds(worker, ids[0], failures: ["b", "never-asked-for"])
        farm.settle()
        #expect(farm.state(of: ids[0]) == .running)
        let assignment = farm.assignments(worker).last
        #expect(assignment?.attempt == 2)
        #expect(assignment?.buildFailures.map { String(decoding: $0.reason, as: UTF8.self) } == ["no luck with b"])
        farm.finish(worker, ids[0], 2)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .ok)
        #expect(farm.machine.tenants.map(\.building) == [0] && farm.machine.tenants.map(\.delayed) == [0])
        #expect(farm.machine.workers[worker]?.building.isEmpty == true)
    }

    /// The store knows only that they are queued.
    @Test func listsShowWhatIsBuilding() throws {
        var (farm, ids) = farm(jobs: 1)
        farm.need(worker, ids[0], 1, ["a"])
        farm.settle()
        farm.ask(.listJobs(WireListJobs()), 9)
        farm.settle()
        let read = try #require(farm.reads.last)
        let list = WireJobList.with { list in
            list.jobs = [1 as UInt64, 2].map { number in
                .with {
                    $0.job = number
                    $0.state = .queued
                }
            }
        }
        farm.machine.handle(.answered(read, .reply(.jobList(list))), at: farm.time)
        farm.settle()
        guard case .jobList(let shown)? = farm.replies.last?.reply else {
            Issue.record("no list")
            return
        }
        #expect(shown.jobs.map(\.state) == [.building, .queued])
    }

    /// What an attempt used before it was put off is the tenant's.
    @Test func anAttemptThatIsPutOffIsCharged() {
        var (farm, ids) = farm(jobs: 1)
        farm.need(worker, ids[0], 1, ["a"], fuel: 5_000_000)
        farm.settle()
        #expect(farm.machine.tenants.first?.used.fuel == 5_000_000)
    }

    @Test func aTenantHasFewBuildsAtOnce() {
        var (farm, ids) = farm(jobs: 3, building: 1)
        for id in ids {
            farm.need(worker, id, 1, ["a"])
            farm.settle()
        }
        #expect(farm.startedBuilds(worker) == [ids[0]])
        #expect(ids.map { farm.state(of: $0) } == [.building, .building, .building])
        farm.endBuilds(worker, ids[1])
        farm.settle()
        #expect(farm.startedBuilds(worker) == [ids[0]], "builds that have not begun cannot end")
        farm.endBuilds(worker, ids[0])
        farm.settle()
        #expect(farm.startedBuilds(worker) == [ids[0], ids[1]])
        #expect(farm.state(of: ids[0]) == .running)
    }

    @Test func aJobOnlyGoesToAWorkerThatBuilds() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 16)
        let ids = farm.submit([Self.job("1"), Farm.job("2")])
        farm.settle()
        #expect(ids.map { farm.state(of: $0) } == [.queued, .running])
        let builder = Farm.worker(2)
        farm.connect(builder, name: "w2", credit: 16, builds: true)
        farm.settle()
        #expect(farm.assignments(builder).map(\.job) == [UInt64(ids[0].rawValue)])
    }

    @Test func aTenantMayBeGivenNoBuilds() {
        let (farm, ids) = farm(jobs: 1, building: 0)
        #expect(ids.isEmpty)
        #expect(farm.receipts.map(\.refused.code) == [.notPermitted])
    }

    @Test func aCancelledJobDoesNotWait() {
        var (farm, ids) = farm(jobs: 2, building: 1)
        for id in ids {
            farm.need(worker, id, 1, ["a"])
            farm.settle()
        }
        farm.ask(.cancel(.with { $0.jobs = [1] }), 9)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .cancelled)
        #expect(farm.startedBuilds(worker) == ids, "the next one has its turn")
        farm.endBuilds(worker, ids[0])
        farm.settle()
        #expect(farm.errors.isEmpty)
    }

    @Test(arguments: [true, false]) func aWorkerThatIsGoneIsForgottenWithItsBuilds(isReplaced: Bool) {
        var (farm, ids) = farm(jobs: 1)
        farm.need(worker, ids[0], 1, ["a"])
        farm.settle()
        if isReplaced {
            farm.connect(worker, name: "w1", instance: 1, credit: 16, builds: true)
        } else {
            farm.machine.handle(.unreachable(worker), at: farm.time)
            farm.turn()
            #expect(farm.state(of: ids[0]) == .queued)
            farm.connect(Farm.worker(2), name: "w2", instance: 2, credit: 16, builds: true)
        }
        farm.settle()
        let next = isReplaced ? worker : Farm.worker(2)
        #expect(farm.state(of: ids[0]) == .running)
        #expect(farm.assignments(next).last?.attempt == 2)
        // The end of the forgotten builds says nothing about the new attempt.
        farm.endBuilds(worker, ids[0], failures: ["a"])
        farm.settle()
        #expect(farm.state(of: ids[0]) == .running)
        #expect(farm.machine.jobs[ids[0]]?.lost.isEmpty == true)
    }

    /// What is built is not in the store. The job is evaluated again, and asks for what is not built by then.
    @Test func afterARestartTheJobIsEvaluatedAgain() {
        var (farm, ids) = farm(jobs: 1)
        farm.need(worker, ids[0], 1, ["a"])
        farm.settle()
        farm.restart()
        #expect(farm.state(of: ids[0]) == .queued)
        farm.connect(worker, name: "w1", credit: 16, builds: true)
        farm.settle()
        #expect(farm.assignments(worker).last?.attempt == 2)
    }

    @Test func aJobThatIsPutOffForEverEnds() {
        var (farm, ids) = farm(jobs: 1)
        for attempt in 1...UInt32(JobBuilds.maximumRounds) {
            farm.need(worker, ids[0], attempt, ["a"])
            farm.endBuilds(worker, ids[0])
            farm.settle()
            farm.endBuilds(worker, ids[0])
            farm.tell(worker, .credit(.with { $0.jobs = 1 }))
            farm.settle()
        }
        #expect(farm.outcome(ids[0]) == .evalError)
    }

    /// A worker that asks for what its job may not have is a worker that is broken.
    @Test func falseNeedsAreRefused() {
        let changes: [(inout WireJobResult) -> Void] = [
            { $0.outcome = .ok }, { $0.needed[0].path = Data() },
            { $0.needed[0].derivation = Data(count: ProtocolLimits.neededBytes + 1) },
            { $0.needed = Array(repeating: $0.needed[0], count: ProtocolLimits.neededOutputs + 1) },
        ]
        for change in changes {
            var (farm, ids) = farm(jobs: 1)
            farm.need(worker, ids[0], 1, ["a"], change: change)
            farm.settle()
            #expect(farm.startedBuilds(worker).isEmpty)
            #expect(farm.machine.jobs[ids[0]]?.lost.count == 1)
        }
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 16, builds: true)
        let ids = farm.submit([Farm.job("1")])
        farm.settle()
        farm.need(worker, ids[0], 1, ["a"])
        farm.settle()
        #expect(farm.machine.jobs[ids[0]]?.lost.count == 1, "the job may not have builds")
    }
}
