import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

@Suite struct LeaseTests {
    let worker = Farm.worker(1)

    private func farm(jobs: Int, credit: UInt32) -> (Farm, [JobID]) {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: credit)
        let ids = farm.submit((0..<jobs).map { Farm.job("\($0)") })
        return (farm, ids)
    }

    @Test func aJobIsSentWhenItsLeaseIsOnDiskAndCreditAllowsIt() {
        var (farm, ids) = farm(jobs: 3, credit: 2)
        #expect(farm.assignments(worker).isEmpty)
        #expect(farm.uncommitted.count == 2)
        farm.settle()
        #expect(farm.assignments(worker).map(\.job) == ids.prefix(2).map { UInt64($0.rawValue) })
        #expect(farm.assignments(worker).map(\.attempt) == [1, 1])
        farm.tell(worker, .credit(.with { $0.jobs = 1 }))
        farm.settle()
        #expect(farm.assignments(worker).count == 3)
    }

    @Test func anAssignmentBearsTheLimitsToApply() throws {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 1)
        _ = farm.submit([Farm.job("1") { $0.limits.fuel = 5 }])
        farm.settle()
        let limits = try #require(farm.assignments(worker).first).limits
        #expect(limits.fuel == 5)
        #expect(limits.memoryBytes == farm.settings.defaultPolicy.defaultLimits.memoryBytes)
    }

    @Test func aResultIsTheWorkersAndTheClientsAfterTheCommit() {
        var (farm, ids) = farm(jobs: 1, credit: 1)
        farm.settle()
        farm.ask(
            .get(
                .with {
                    $0.job = 1; $0.waitMs = 1_000
                }), 9)
        farm.finish(worker, ids[0], 1)
        farm.turn()
        #expect(farm.committed(worker).isEmpty)
        farm.commit()
        #expect(farm.committed(worker).map(\.job) == [1])
        #expect(farm.outcome(ids[0]) == .ok)
        guard case .jobStatus(let status)? = farm.replies.last?.reply else { return #expect(Bool(false)) }
        #expect(status.state == .finished && status.result.value == Data("42".utf8))
        // The acknowledgement was lost, so the worker sends the result again.
        farm.finish(worker, ids[0], 1)
        farm.commit()
        #expect(farm.committed(worker).count == 2)
        #expect(farm.machine.metrics.outcomes == [WireOutcomeKind.ok.rawValue: 1])
    }

    @Test func aLeaseThatRunsOutIsTakenBackAndTheLateResultRefused() {
        var (farm, ids) = farm(jobs: 1, credit: 1)
        farm.settle()
        farm.connect(Farm.worker(2), name: "w2", credit: 1)
        farm.passInSteps(12_000) { $0.heartbeat(Farm.worker(2), []) }
        #expect(farm.assignments(Farm.worker(2)).map(\.attempt) == [2])
        #expect(farm.store.jobs[ids[0]]?.lost.map(\.worker) == ["w1"])
        // The first worker was only slow. It is no longer known, says hello, and is told that its result is stale.
        farm.finish(worker, ids[0], 1)
        farm.turn()
        guard case .error(let error)? = farm.commands.last?.command else { return #expect(Bool(false)) }
        #expect(error.code == .helloRequired)
        farm.connect(worker, name: "w1", leases: [Farm.lease(ids[0], 1)])
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(farm.stale(worker).map(\.currentAttempt) == [2, 2])
        #expect(farm.machine.metrics.staleRefused == 1)
        #expect(farm.outcome(ids[0]) == nil)
        farm.finish(Farm.worker(2), ids[0], 2)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .ok)
    }

    @Test func heartbeatsRenewWhatTheyName() {
        var (farm, ids) = farm(jobs: 2, credit: 2)
        farm.settle()
        farm.passInSteps(30_000) { $0.heartbeat(worker, [Farm.lease(ids[0], 1)]) }
        // The worker did not name the second lease, so it never got the job or lost it.
        #expect(farm.store.jobs[ids[0]]?.lost.isEmpty ?? false)
        #expect(farm.store.jobs[ids[1]]?.lost.count == 1)
    }

    @Test func afterAStallNothingExpiresBeforeHeartbeatsCanBeRead() {
        var (farm, ids) = farm(jobs: 1, credit: 1)
        farm.settle()
        farm.pass(60_000)
        farm.settle()
        #expect(farm.store.jobs[ids[0]]?.lost.isEmpty ?? false)
        farm.heartbeat(worker, [Farm.lease(ids[0], 1)])
        farm.passInSteps(5_000) { $0.heartbeat(worker, [Farm.lease(ids[0], 1)]) }
        #expect(farm.store.jobs[ids[0]]?.lost.isEmpty ?? false)
    }

    @Test func theThirdLostWorkerQuarantinesWithTheCauses() {
        var (farm, ids) = farm(jobs: 1, credit: 1)
        farm.settle()
        farm.ask(
            .get(
                .with {
                    $0.job = 1; $0.waitMs = 100_000
                }), 9)
        for instance in UInt8(2)...4 {
            farm.passInSteps(12_000) { $0.ask(.ping(WirePing()), 3) }
            farm.connect(worker, name: "w1", instance: instance, credit: 1)
            farm.settle()
        }
        #expect(farm.outcome(ids[0]) == .quarantined)
        #expect(farm.store.jobs[ids[0]]?.lost.map(\.attempt) == [1, 2, 3])
        guard case .jobStatus(let status)? = farm.replies.last(where: { $0.correlation == 9 })?.reply else {
            return #expect(Bool(false))
        }
        #expect(status.outcome == .quarantined && status.lostWorkers.count == 3)
        #expect(String(decoding: status.result.failure.message, as: UTF8.self).contains("attempt 3: the lease ran out"))
    }

    @Test func onlyTheRunningJobIsBlamedForALostWorker() {
        var (farm, ids) = farm(jobs: 3, credit: 3)
        farm.settle()
        farm.heartbeat(
            worker,
            [Farm.lease(ids[0], 1, running: false), Farm.lease(ids[1], 1), Farm.lease(ids[2], 1, running: false)])
        farm.passInSteps(12_000)
        #expect(ids.map { farm.store.jobs[$0]?.lost.count } == [0, 1, 0])
        #expect(ids.allSatisfy { farm.store.jobs[$0]?.holder == nil })
    }

    @Test func aWorkerThatReconnectsKeepsItsLeasesAndLosesNoneToBlame() {
        var (farm, ids) = farm(jobs: 2, credit: 2)
        farm.settle()
        farm.machine.handle(.unreachable(worker), at: farm.time)
        let again = Farm.worker(7)
        farm.connect(again, name: "w1", leases: [Farm.lease(ids[0], 1)])
        farm.settle()
        #expect(farm.store.jobs[ids[0]]?.holder == "w1")
        #expect(farm.store.jobs[ids[1]]?.holder == nil)
        #expect(farm.store.jobs[ids[1]]?.lost.isEmpty ?? false)
        farm.finish(again, ids[0], 1)
        farm.settle()
        #expect(farm.committed(again).map(\.job) == [1])
    }

    @Test func aNameIsHeldByOneInstanceWhileItIsAlive() {
        var (farm, ids) = farm(jobs: 1, credit: 1)
        farm.settle()
        let other = Farm.worker(2)
        farm.connect(other, name: "w1", instance: 2)
        farm.turn()
        guard case .error(let error)? = farm.commands.last?.command else { return #expect(Bool(false)) }
        #expect(error.code == .notPermitted)
        #expect(farm.commands.last?.correlation == 3)
        farm.passInSteps(5_000)
        farm.connect(other, name: "w1", instance: 2, credit: 1)
        farm.settle()
        #expect(farm.store.jobs[ids[0]]?.lost.first?.cause == "the worker was restarted")
        #expect(farm.assignments(other).map(\.attempt) == [2])
    }

    @Test func whatAWorkerGivesBackCountsNoLostWorker() {
        var (farm, ids) = farm(jobs: 3, credit: 3)
        farm.settle()
        farm.tell(worker, .release(.with { $0.leases = [Farm.lease(ids[2], 1, running: false)] }))
        farm.tell(worker, .credit(.with { $0.jobs = 5 }))
        farm.finish(worker, ids[0], 1)
        farm.settle()
        // The worker has credit again, so it may get the job that it returned.
        #expect(farm.assignments(worker).map(\.attempt) == [1, 1, 1, 2])
        farm.tell(worker, .goodbye(WireGoodbye()))
        farm.connect(Farm.worker(2), name: "w2", credit: 5)
        farm.settle()
        #expect(farm.assignments(Farm.worker(2)).map(\.job) == [2, 3])
        #expect(farm.store.jobs.values.allSatisfy { $0.lost.isEmpty })
    }

    @Test func largeValuesComeInSegmentsAndMustBeWhole() {
        var (farm, ids) = farm(jobs: 2, credit: 2)
        farm.settle()
        func segment(_ job: UInt64, _ number: UInt32, _ bytes: Int) -> WorkerMessage {
            .resultSegment(
                .with {
                    $0.job = job
                    $0.attempt = 1
                    $0.number = number
                    $0.bytes = Data(repeating: 65, count: bytes)
                })
        }
        func result(_ job: UInt64, segments: UInt32, bytes: UInt64) -> WorkerMessage {
            .results(
                .with {
                    $0.results = [
                        .with {
                            $0.job = job
                            $0.attempt = 1
                            $0.result.outcome = .ok
                            $0.result.valueSegments = segments
                            $0.result.valueBytes = bytes
                        }
                    ]
                })
        }
        farm.tell(worker, segment(1, 0, 1 << 20))
        farm.tell(worker, segment(1, 0, 1 << 20))
        farm.tell(worker, segment(1, 1, 100))
        farm.tell(worker, result(1, segments: 2, bytes: 1 << 20 + 100))
        farm.tell(worker, segment(2, 1, 100))
        farm.tell(worker, result(2, segments: 1, bytes: 100))
        farm.turn()
        let values = farm.uncommitted.compactMap { operation -> Int? in
            if case .finish(_, _, let outcome) = operation { outcome.value?.count } else { nil }
        }
        #expect(values == [1 << 20 + 100])
        farm.settle()
        #expect(farm.outcome(ids[0]) == .ok)
        #expect(farm.store.jobs[ids[1]]?.lost.count == 1)
    }

    @Test func aWorkerMayNotDecideWhatIsTheCoordinators() {
        var (farm, ids) = farm(jobs: 1, credit: 1)
        farm.settle()
        farm.finish(worker, ids[0], 1, .quarantined)
        farm.settle()
        #expect(farm.outcome(ids[0]) == nil)
        #expect(farm.store.jobs[ids[0]]?.lost.count == 1)
    }

    @Test func segmentsOfTracesAreTakenFromTheHolderOfTheAttempt() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 1)
        let ids = farm.submit([Farm.job("1") { $0.traceLevel = .calls }])
        farm.settle()
        guard let identity = Identity(userID: "worker/key"), let other = Identity(userID: "worker/other") else {
            return #expect(Bool(false))
        }
        func send(_ number: UInt32, _ attempt: UInt32, _ identity: Identity) {
            let segment = WireTraceSegment.with {
                $0.job = 1
                $0.attempt = attempt
                $0.number = number
            }
            farm.machine.handle(.trace(identity, segment), at: farm.time)
        }
        send(0, 1, identity)
        send(0, 1, identity)
        send(1, 2, identity)
        send(1, 1, other)
        farm.finish(worker, ids[0], 1)
        farm.settle()
        send(1, 1, identity)
        farm.turn()
        #expect(farm.traces.map(\.number) == [0, 1])
        #expect(farm.machine.metrics.segmentsDropped == 3)
        farm.passInSteps(31_000)
        send(2, 1, identity)
        farm.turn()
        #expect(farm.traces.count == 2)
    }
}
