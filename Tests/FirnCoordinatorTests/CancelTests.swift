import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

@Suite struct CancelTests {
    let worker = Farm.worker(1)

    private func effects(_ farm: Farm) -> [WireCancellation.Effect] {
        farm.replies.flatMap { answer -> [WireCancellation.Effect] in
            guard case .cancelReply(let reply) = answer.reply else { return [] }
            return reply.cancellations.map(\.effect)
        }
    }

    private func cancel(_ jobs: [UInt64], _ farm: inout Farm, reason: String = "not needed") {
        farm.ask(
            .cancel(
                .with {
                    $0.jobs = jobs
                    $0.reason = reason
                }), 20)
    }

    /// A farm whose only worker evaluates one job.
    private func runningJob() -> (Farm, [JobID]) {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w", credit: 1)
        let ids = farm.submit([Farm.job("1")])
        farm.settle()
        return (farm, ids)
    }

    @Test func waitingJobsEndAtOnceWhenThatIsOnDisk() {
        var farm = Farm()
        farm.hello()
        let wall = farm.time.wall
        let ids = farm.submit([Farm.job("1"), Farm.job("2") { $0.notBeforeUnixMs = wall + 60_000 }])
        cancel([1, 2, 99], &farm)
        farm.turn()
        #expect(effects(farm).isEmpty)
        farm.commit()
        #expect(effects(farm) == [.cancelled, .cancelled, .unknownJob])
        #expect(ids.allSatisfy { farm.outcome($0) == .cancelled })
        cancel([1], &farm)
        farm.settle()
        #expect(effects(farm).last == .alreadyFinished)
    }

    @Test func aJobWhoseLeaseIsBeingCommittedIsNeverSent() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w", credit: 1)
        let ids = farm.submit([Farm.job("1"), Farm.job("2")])
        cancel([1], &farm)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .cancelled)
        // The restored credit is used for the next job.
        #expect(farm.assignments(worker).map(\.job) == [2])
    }

    @Test func aRunningJobIsStoppedByItsWorker() {
        var (farm, ids) = runningJob()
        cancel([1], &farm)
        farm.turn()
        #expect(effects(farm) == [.requested])
        #expect(
            farm.cancelRequests(worker) == [
                .with {
                    $0.job = 1; $0.attempt = 1
                }
            ])
        farm.finish(worker, ids[0], 1, .cancelled, value: "")
        farm.settle()
        #expect(farm.outcome(ids[0]) == .cancelled)
    }

    @Test func cancellationsOfOneTurnKeepTheirReasons() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w", credit: 3)
        _ = farm.submit([Farm.job("1"), Farm.job("2"), Farm.job("3")])
        farm.settle()
        cancel([1, 2], &farm, reason: "not needed")
        cancel([3], &farm, reason: "too late")
        farm.turn()
        let told = farm.commands.flatMap { said -> [String] in
            guard said.peer == worker, case .cancelAttempts(let cancel) = said.command else { return [] }
            return cancel.leases.map { "\($0.job): \(cancel.reason)" }
        }
        #expect(told == ["1: not needed", "2: not needed", "3: too late"])
    }

    @Test func aWorkerThatDoesNotStopIsNotWaitedForLong() {
        var (farm, ids) = runningJob()
        cancel([1], &farm)
        farm.passInSteps(6_000) { $0.heartbeat(worker, [Farm.lease(ids[0], 1)]) }
        #expect(farm.outcome(ids[0]) == .cancelled)
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(!farm.stale(worker).isEmpty)
        #expect(farm.committed(worker).isEmpty)
    }

    @Test func aCancelledJobOfALostWorkerIsNotRunAgain() {
        var (farm, ids) = runningJob()
        cancel([1], &farm)
        farm.tell(worker, .goodbye(WireGoodbye()))
        farm.connect(Farm.worker(2), name: "w2", credit: 1)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .cancelled)
        #expect(farm.assignments(Farm.worker(2)).isEmpty)
    }

    @Test func whileTheResultIsBeingCommittedItIsTooLate() {
        var (farm, ids) = runningJob()
        farm.finish(worker, ids[0], 1)
        cancel([1], &farm)
        farm.settle()
        #expect(effects(farm) == [.alreadyFinished])
        #expect(farm.outcome(ids[0]) == .ok)
    }

    @Test func aJobOfAnotherTenantIsUnknown() {
        var farm = Farm()
        farm.hello()
        let ids = farm.submit([Farm.job("1")])
        let peer = Peer(endpoint: .clients, routingID: [2])
        farm.hello(from: peer, tenant: "other")
        farm.ask(.cancel(.with { $0.jobs = [1] }), from: peer, tenant: "other")
        farm.settle()
        #expect(effects(farm) == [.unknownJob])
        #expect(farm.outcome(ids[0]) == nil)
        farm.hello(from: Farm.operatorPeer)
        farm.ask(.cancel(.with { $0.jobs = [1] }), from: Farm.operatorPeer)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .cancelled)
    }
}
