import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Why a job waits.
@Suite struct ExplainTests {
    let worker = Farm.worker(1)

    private func reasons(_ job: UInt64, _ farm: inout Farm) -> [WireReason] {
        farm.clear()
        farm.ask(.explain(.with { $0.job = job }), 30)
        farm.turn()
        return farm.replies.flatMap { answer -> [WireReason] in
            guard case .explanation(let explanation) = answer.reply else { return [] }
            #expect(explanation.status.job == job)
            return explanation.reasons
        }
    }

    private func kinds(_ job: UInt64, _ farm: inout Farm) -> [WireReason.Kind] { reasons(job, &farm).map(\.kind) }

    private func start(_ change: (inout CoordinatorSettings) -> Void = { _ in }) -> Farm {
        var settings = CoordinatorSettings()
        change(&settings)
        var farm = Farm(settings: settings)
        farm.hello()
        return farm
    }

    @Test func aDelayedJobNamesItsTimeAndABlockedOneTheJobs() {
        var farm = start()
        let time = farm.time.wall + 5_000
        _ = farm.submit([Farm.job("1") { $0.notBeforeUnixMs = time }])
        _ = farm.submit([Farm.job("2") { $0.after = [1] }])
        let delayed = reasons(1, &farm)
        #expect(delayed.map(\.kind) == [.notBefore] && delayed[0].untilUnixMs == time)
        let blocked = reasons(2, &farm)
        #expect(blocked.map(\.kind) == [.after] && blocked[0].text.contains("job 1 has not ended (delayed)"))
    }

    @Test func whatNoWorkerHasIsNamed() {
        var farm = start()
        _ = farm.submit([
            Farm.job("1") {
                $0.roots = [.with { $0.name = "lib" }]
                $0.evaluatorVersion = "1"
            }
        ])
        #expect(reasons(1, &farm).first?.text.hasPrefix("no worker is connected") == true)
        farm.connect(worker, name: "w", credit: 1)
        farm.settle()
        let lacking = reasons(1, &farm)
        #expect(lacking.map(\.kind) == [.noWorker])
        #expect(lacking[0].text.contains("root 'lib'") && !lacking[0].text.contains("version"))
        #expect(lacking[0].untilUnixMs > farm.time.wall)
    }

    @Test func ordersSharesAndBusyWorkersAreTold() {
        var farm = start()
        farm.connect(worker, name: "w", credit: 1)
        farm.settle()
        _ = farm.submit([Farm.job("1"), Farm.job("2"), Farm.job("3") { $0.priority = 7 }, Farm.job("4")])
        farm.settle()
        // The one of a higher priority has begun, and another one comes.
        #expect(kinds(3, &farm) == [.running])
        _ = farm.submit([Farm.job("5") { $0.priority = 9 }])
        farm.settle()
        let queued = reasons(4, &farm)
        #expect(queued.map(\.kind) == [.order, .busy])
        #expect(queued[0].text.contains("1 of a higher priority, 2 older"))
        // Another tenant that has used less goes first.
        let peer = Peer(endpoint: .clients, routingID: [5])
        farm.hello(from: peer, tenant: "other")
        _ = farm.submit([Farm.job("1")], from: peer, tenant: "other")
        farm.settle()
        #expect(kinds(4, &farm).contains(.share))
    }

    @Test func quotasKeysAndPausesAreTold() {
        var farm = start {
            $0.defaultPolicy.maximumRunning = 1
            $0.defaultPolicy.maximumPerKey = 1
        }
        farm.connect(worker, name: "w1", credit: 1)
        farm.connect(Farm.worker(2), name: "w2", credit: 1, roots: [.with { $0.name = "lib" }])
        farm.settle()
        _ = farm.submit([Farm.job("1") { $0.key = "k" }])
        farm.settle()
        let holder = farm.assignments(worker).isEmpty ? "w2" : "w1"
        _ = farm.submit([
            Farm.job("2") { $0.key = "k" },
            Farm.job("3") { job in if holder == "w1" { job.roots = [.with { $0.name = "lib" }] } },
        ])
        farm.settle()
        #expect(kinds(2, &farm).first == .keyLimit)
        // The worker that has the tenant's job may get another, but not a second worker.
        if holder == "w1" { #expect(kinds(3, &farm).first == .quota) }
        let root = Farm.operatorPeer
        farm.hello(from: root)
        farm.ask(
            .changeTenant(
                .with {
                    $0.tenant = "acme"
                    $0.settings.paused = true
                }), 9, from: root)
        farm.turn()
        farm.finishChange()
        #expect(kinds(2, &farm).contains(.paused))
    }

    @Test func leasesLossesAndCancellationsAreTold() {
        var farm = start()
        farm.connect(worker, name: "w", credit: 2)
        farm.settle()
        let ids = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        #expect(kinds(2, &farm) == [.held])
        farm.ask(.cancel(.with { $0.jobs = [1] }), 9)
        farm.turn()
        #expect(kinds(1, &farm) == [.running, .stopping])
        farm.connect(Farm.worker(2), name: "w2", credit: 0)
        farm.passInSteps(11_000)
        #expect(farm.outcome(ids[0]) == .cancelled)
        // The second one began when the first was ended, and its worker was silent.
        #expect(kinds(2, &farm).contains(.lostWorker))
    }

    @Test func afterARestartTheAbsentWorkerIsTold() {
        var farm = start()
        farm.connect(worker, name: "w", credit: 1)
        farm.settle()
        _ = farm.submit([Farm.job("1")])
        farm.settle()
        farm.restart()
        farm.hello()
        #expect(kinds(1, &farm) == [.orphaned])
    }

    @Test func aFinishedOrUnknownJobIsAskedOfTheStore() {
        var farm = start()
        farm.clear()
        farm.ask(.explain(.with { $0.job = 99 }), 30)
        farm.turn()
        guard case .explain(99)? = farm.reads.first?.question else { return #expect(Bool(false), "no read") }
        #expect(farm.reads.first?.tenant == "acme")
    }

    /// A tenant learns nothing of jobs and names of others.
    @Test func anotherTenantsJobIsUnknown() {
        var farm = start()
        let peer = Peer(endpoint: .clients, routingID: [5])
        farm.hello(from: peer, tenant: "other")
        _ = farm.submit([Farm.job("1")], from: peer, tenant: "other")
        #expect(reasons(1, &farm).isEmpty && farm.reads.count == 1)
    }
}
