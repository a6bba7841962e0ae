import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// The state `held` means leased and not begun; `running` means being evaluated.
@Suite struct HeldTests {
    let worker = Farm.worker(1)

    private func farm(jobs: Int) -> (Farm, [JobID]) {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 16)
        let ids = farm.submit((0..<jobs).map { Farm.job("\($0)") })
        return (farm, ids)
    }

    @Test func oneRunsAndTheOthersAreHeld() throws {
        var (farm, ids) = farm(jobs: 3)
        #expect(ids.map { farm.state(of: $0) } == [.held, .held, .held], "the leases are not on disk yet")
        farm.settle()
        #expect(ids.map { farm.state(of: $0) } == [.running, .held, .held])
        farm.hello(from: Farm.operatorPeer)
        farm.ask(.getQueue(WireGetQueue()), 7)
        farm.ask(.listWorkers(WireListWorkers()), 8, from: Farm.operatorPeer)
        farm.turn()
        guard case .queueReport(let queue)? = farm.replies.first(where: { $0.reply.kind == .queueReport })?.reply,
            case .workerList(let list)? = farm.replies.last?.reply
        else { return #expect(Bool(false)) }
        #expect(queue.tenants.map(\.running) == [1] && queue.tenants.map(\.held) == [2])
        #expect(list.workers.first?.leases.map(\.running) == [true, false, false])
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(ids.map { farm.state(of: $0) } == [nil, .running, .held])
    }

    @Test func theWorkerKnowsBetterWhichOneRuns() {
        var (farm, ids) = farm(jobs: 3)
        farm.settle()
        farm.heartbeat(
            worker,
            [
                Farm.lease(ids[0], 1, running: false), Farm.lease(ids[1], 1, running: false),
                Farm.lease(ids[2], 1, running: true),
            ])
        farm.turn()
        #expect(ids.map { farm.state(of: $0) } == [.held, .held, .running])
        farm.finish(worker, ids[2], 1, evaluating: Farm.lease(ids[1], 1))
        farm.settle()
        #expect(ids.map { farm.state(of: $0) } == [.held, .running, nil])
    }

    /// A worker that still evaluates a job which it was told to forget has begun none of the later ones.
    @Test func whatWaitsBehindAForgottenJobIsHeld() {
        var (farm, ids) = farm(jobs: 1)
        farm.settle()
        farm.heartbeat(worker, [Farm.lease(ids[0], 1, running: false)])
        farm.turn()
        #expect(farm.state(of: ids[0]) == .held)
    }

    @Test func whatIsEvaluatedForAWhileIsRecorded() {
        var (farm, ids) = farm(jobs: 2)
        farm.settle()
        #expect(ids.map { farm.store.jobs[$0]?.hasBegun } == [true, false])
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(farm.store.jobs[ids[1]]?.hasBegun == false, "a small job would be over before it is written")
        farm.passInSteps(500) { $0.heartbeat(worker, [Farm.lease(ids[1], 1)]) }
        #expect(farm.store.jobs[ids[1]]?.hasBegun == true)
        #expect(farm.machine.metrics.storeRefusals == 0)
    }

    /// The worker did not reconnect after a restart, so jobs that had not begun cannot be the reason.
    @Test func afterARestartOnlyWhatHadBegunIsBlamed() {
        var (farm, ids) = farm(jobs: 2)
        farm.settle()
        farm.restart()
        farm.hello()
        #expect(ids.map { farm.state(of: $0) } == [.running, .held])
        farm.passInSteps(11_000)
        #expect(ids.map { farm.store.jobs[$0]?.lost.count } == [1, 0])
        #expect(ids.allSatisfy { farm.store.jobs[$0]?.holder == nil })
    }

    @Test func quotasCountWorkersAndNotWhatWaitsInThem() {
        var settings = CoordinatorSettings()
        settings.defaultPolicy.maximumRunning = 2
        var farm = Farm(settings: settings)
        farm.hello()
        for number in UInt8(1)...4 { farm.connect(Farm.worker(number), name: "w\(number)", credit: 3) }
        let ids = farm.submit((0..<12).map { Farm.job("\($0)") })
        farm.settle()
        // Two workers evaluate one job each, and may hold the following ones.
        let counts = (UInt8(1)...4).map { farm.assignments(Farm.worker($0)).count }
        #expect(counts.sorted() == [0, 0, 3, 3])
        #expect(ids.count { farm.state(of: $0) == .running } == 2)
        #expect(ids.count { farm.state(of: $0) == .held } == 4)
    }

    @Test func memoryQuotasCountTheLargestJobOfEachWorker() {
        var settings = CoordinatorSettings()
        settings.defaultPolicy.maximumRunningMemory = 3 << 30
        var farm = Farm(settings: settings)
        farm.hello()
        for number in UInt8(1)...4 { farm.connect(Farm.worker(number), name: "w\(number)", credit: 2) }
        _ = farm.submit((0..<8).map { Farm.job("\($0)") { $0.limits.memoryBytes = 1 << 30 } })
        farm.settle()
        #expect((UInt8(1)...4).map { farm.assignments(Farm.worker($0)).count }.sorted() == [0, 2, 2, 2])
        let larger = farm.submit([Farm.job("large") { ($0.limits.memoryBytes, $0.priority) = (2 << 30, 5) }])
        for number in UInt8(1)...4 { farm.tell(Farm.worker(number), .credit(.with { $0.jobs = 1 })) }
        farm.settle()
        #expect(farm.state(of: larger[0]) == .queued, "with it the three workers could take four GiB")
    }

    @Test func cancellingWhatIsHeldIsTheWorkersToConfirm() {
        var (farm, ids) = farm(jobs: 2)
        farm.settle()
        farm.ask(.cancel(.with { $0.jobs = [UInt64(ids[1].rawValue)] }), 20)
        farm.turn()
        #expect(farm.cancelRequests(worker).map(\.job) == [UInt64(ids[1].rawValue)])
        farm.finish(worker, ids[1], 1, .cancelled, value: "")
        farm.settle()
        #expect(farm.outcome(ids[1]) == .cancelled)
    }
}
