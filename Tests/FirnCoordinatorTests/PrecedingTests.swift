import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Jobs that wait for others, and jobs that take the place of others.
@Suite struct PrecedingTests {
    let worker = Farm.worker(1)

    private func after(_ numbers: [UInt64], runs: Bool = false) -> WireJobSpecification {
        Farm.job("last") {
            $0.after = numbers
            $0.afterFailure = runs ? .run : .cancel
        }
    }

    /// Lets the worker end everything that it has, in order.
    private func finish(_ farm: inout Farm, _ outcome: WireOutcomeKind = .ok) {
        let assignments = farm.assignments(worker)
        farm.clear()
        for assignment in assignments {
            farm.finish(worker, JobID(rawValue: Int64(assignment.job)), assignment.attempt, outcome)
        }
        farm.settle()
    }

    private func start() -> Farm {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w", credit: 10)
        farm.settle()
        return farm
    }

    @Test func aJobWaitsUntilTheOthersHaveEnded() {
        var farm = start()
        let first = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        let last = farm.submit([after([1, 2])])
        farm.settle()
        #expect(farm.state(of: last[0]) == .blocked)
        #expect(farm.assignments(worker).map(\.job) == [1, 2])
        farm.finish(worker, first[0], 1)
        farm.settle()
        #expect(farm.state(of: last[0]) == .blocked)
        farm.finish(worker, first[1], 1)
        farm.settle()
        #expect(farm.assignments(worker).map(\.job) == [1, 2, 3])
    }

    @Test func jobsThatEndedBeforeAreLookedUp() {
        var farm = start()
        _ = farm.submit([Farm.job("1")])
        farm.settle()
        finish(&farm)
        #expect(farm.submit([after([1])]).isEmpty, "the store is asked first")
        farm.settle()
        #expect(farm.assignments(worker).map(\.job) == [2])
    }

    @Test func anUnknownJobIsRefusedAndOthersOfTheBatchAreNot() {
        var farm = start()
        farm.ask(.submit(.with { $0.jobs = [after([7]), Farm.job("1")].map { Data($0.encoded()) } }))
        farm.settle()
        #expect(farm.receipts.map(\.refused.code) == [.unknownJob, .unspecified])
        #expect(farm.machine.tenants[0].queuedBytes == 0 && farm.machine.tenants[0].inserting == 0)
        // Another tenant's numbers are its own.
        let peer = Peer(endpoint: .clients, routingID: [5])
        farm.hello(from: peer, tenant: "other")
        farm.clear()
        farm.ask(.submit(.with { $0.jobs = [Data(after([1]).encoded())] }), from: peer, tenant: "other")
        farm.settle()
        #expect(farm.receipts.map(\.refused.code) == [.unknownJob])
    }

    @Test func whatFollowsAFailureIsCancelledAndSoIsWhatFollowsThat() {
        var farm = start()
        _ = farm.submit([Farm.job("1")])
        farm.settle()
        let followers = farm.submit([after([1]), after([1], runs: true)])
        let last = farm.submit([after([2])])
        farm.settle()
        finish(&farm, .evalError)
        #expect(farm.outcome(followers[0]) == .cancelled)
        #expect(farm.outcome(last[0]) == .cancelled)
        #expect(farm.state(of: followers[1]) == .running)
        #expect(farm.machine.preceding.awaited.isEmpty)
    }

    @Test func aRestartLosesNoWait() {
        var farm = start()
        let first = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        farm.finish(worker, first[0], 1)
        farm.settle()
        let last = farm.submit([after([2])])
        farm.restart()
        farm.settle()
        #expect(farm.state(of: last[0]) == .blocked)
        farm.connect(worker, name: "w", credit: 10, leases: [Farm.lease(first[1], 1)])
        farm.finish(worker, first[1], 1)
        farm.settle()
        #expect(farm.assignments(worker).map(\.job) == [3])
    }

    /// The first job ends while the coordinator is away.
    @Test func anEndThatNobodySawIsLookedUp() {
        var farm = start()
        let first = farm.submit([Farm.job("1")])
        farm.settle()
        let last = farm.submit([after([1])])
        farm.finish(worker, first[0], 1)
        farm.turn()
        _ = farm.store.apply(farm.uncommitted)
        farm.restart()
        farm.settle()
        #expect(farm.state(of: last[0]) == .queued)
    }

    @Test func aCancelledJobLeavesNothingBehind() {
        var farm = start()
        _ = farm.submit([Farm.job("1")])
        farm.settle()
        for _ in 0..<100 {
            let last = farm.submit([after([1])])
            farm.ask(.cancel(.with { $0.jobs = [UInt64(last[0].rawValue)] }), 9)
            farm.settle()
        }
        #expect(farm.machine.preceding.followers(of: TenantJob(tenant: 0, number: 1)).isEmpty)
        #expect(farm.machine.tenants[0].blocked == 0)
    }

    @Test func anExpiryEndsTheWait() {
        var farm = start()
        _ = farm.submit([Farm.job("1")])
        farm.settle()
        let expires = farm.time.wall + 1_000
        let last = farm.submit([
            Farm.job("last") {
                $0.after = [1]
                $0.expiresUnixMs = expires
            }
        ])
        farm.heartbeat(worker, [Farm.lease(JobID(rawValue: 1), 1)])
        farm.pass(1_001)
        farm.settle()
        #expect(farm.outcome(last[0]) == .unavailable)
    }

    // MARK: supersession

    private func revision(_ text: String, run: String) -> WireJobSpecification {
        Farm.job(text) {
            $0.supersedes.key = "pr-1"
            $0.supersedes.run = Data(run.utf8)
        }
    }

    @Test func aNewerRunEndsTheOlderOneWhereverItIs() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w", credit: 1)
        let old = farm.submit([revision("1", run: "a"), revision("2", run: "a")])
        farm.settle()
        #expect(farm.state(of: old[0]) == .running)
        let new = farm.submit([revision("3", run: "b"), revision("4", run: "b"), Farm.job("5")])
        farm.settle()
        #expect(farm.cancelRequests(worker).map(\.job) == [1])
        #expect(farm.outcome(old[1]) == .cancelled)
        farm.finish(worker, old[0], 1, .cancelled)
        farm.settle()
        #expect(farm.outcome(old[0]) == .cancelled)
        #expect(new.allSatisfy { farm.outcome($0) == nil }, "the jobs of a run do not end each other")
        #expect(farm.machine.superseded.count == 1)
    }

    @Test func withoutARunEachJobEndsTheOlderOnes() {
        var farm = Farm()
        farm.hello()
        let ids = farm.submit((0..<5).map { revision("\($0)", run: "") })
        farm.settle()
        #expect(ids.dropLast().allSatisfy { farm.outcome($0) == .cancelled })
        #expect(farm.state(of: ids[4]) == .queued)
    }

    @Test func anotherTenantsKeyIsAnother() {
        var farm = Farm()
        farm.hello()
        let mine = farm.submit([revision("1", run: "a")])
        let peer = Peer(endpoint: .clients, routingID: [5])
        farm.hello(from: peer, tenant: "other")
        _ = farm.submit([revision("1", run: "b")], from: peer, tenant: "other")
        farm.settle()
        #expect(farm.state(of: mine[0]) == .queued)
    }

    /// The newer job is on disk, and what it supersedes was not ended before the coordinator was killed.
    @Test func aRestartSupersedesAgain() {
        var farm = Farm()
        farm.hello()
        let old = farm.submit([revision("1", run: "a")])
        let new = farm.submit([revision("2", run: "b")])
        farm.restart()
        farm.settle()
        #expect(farm.outcome(old[0]) == .cancelled)
        #expect(farm.state(of: new[0]) == .queued)
    }
}
