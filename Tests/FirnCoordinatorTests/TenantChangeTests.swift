import FirnKeys
import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Tenants and keys that change while the coordinator runs.
@Suite struct TenantChangeTests {
    let root = Farm.operatorPeer
    let worker = Farm.worker(1)

    private func start() -> Farm {
        var farm = Farm()
        farm.hello()
        farm.hello(from: root)
        farm.turn()
        farm.clear()
        return farm
    }

    private func change(
        _ tenant: String, _ farm: inout Farm, reset: Bool = false, correlation: UInt64 = 9,
        _ change: (inout WireTenantSettings) -> Void = { _ in }
    ) {
        farm.ask(
            .changeTenant(
                .with {
                    $0.tenant = tenant
                    $0.reset = reset
                    change(&$0.settings)
                }), correlation, from: root)
        farm.turn()
    }

    private func lists(_ farm: Farm) -> [WireTenantInfo] {
        farm.replies.flatMap { answer -> [WireTenantInfo] in
            guard case .tenantList(let list) = answer.reply else { return [] }
            return list.tenants
        }
    }

    @Test func aChangeIsOnDiskBeforeItIsInEffectAndAnswered() {
        var farm = start()
        change("acme", &farm) { $0.queued = 1 }
        #expect(farm.savedTenants.last?.tenants["acme"]?.queued == 1)
        #expect(farm.replies.isEmpty)
        #expect(farm.submit([Farm.job("1"), Farm.job("2")]).count == 2)
        farm.finishChange()
        #expect(lists(farm).first?.settings.queued == 1 && lists(farm).first?.changes.queued == 1)
        #expect(lists(farm).first?.keys == ["laptop"])
        farm.clear()
        #expect(farm.submit([Farm.job("3")]).isEmpty)
        #expect(farm.receipts.first?.refused.code == .queueFull)
        #expect(farm.receipts.first?.refused.retryAfterMs ?? 0 > 0)
    }

    @Test func aChangeThatCannotBeKeptChangesNothing() {
        var farm = start()
        change("acme", &farm) { $0.queued = 0 }
        farm.finishChange(fault: ProtocolError(.storeUnavailable, "no room"))
        #expect(farm.errors == [.storeUnavailable])
        #expect(farm.submit([Farm.job("1")]).count == 1)
    }

    @Test func changesAddUpSurviveARestartAndAReloadAndAreReset() {
        var farm = start()
        change("acme", &farm) { $0.weight = 3 }
        change("acme", &farm, correlation: 10) { $0.running = 5 }
        #expect(farm.savedTenants.count == 1, "one after another")
        farm.finishChange()
        farm.finishChange()
        #expect(farm.savedTenants.last?.tenants["acme"]?.weight == 3)
        farm.restart()
        farm.hello()
        farm.hello(from: root)
        _ = farm.submit([Farm.job("1")])
        #expect(farm.machine.tenants[0].policy.weight == 3 && farm.machine.tenants[0].policy.maximumRunning == 5)
        var settings = CoordinatorSettings()
        settings.defaultPolicy.maximumQueued = 77
        settings.defaultPolicy.weight = 9
        farm.machine.handle(.reconfigured(settings), at: farm.time)
        #expect(farm.machine.tenants[0].policy.maximumQueued == 77)
        #expect(farm.machine.tenants[0].policy.weight == 3, "the change is stronger than the file")
        change("acme", &farm, reset: true)
        farm.finishChange()
        #expect(farm.machine.tenants[0].policy.weight == 9)
        #expect(farm.savedTenants.last?.tenants.isEmpty == true)
    }

    @Test func aPausedTenantWaitsAndLosesNothing() {
        var farm = start()
        change("acme", &farm) { $0.paused = true }
        farm.finishChange()
        farm.connect(worker, name: "w", credit: 5)
        let ids = farm.submit([Farm.job("1")])
        farm.settle()
        #expect(farm.assignments(worker).isEmpty)
        // No worker with the root is there, and yet the job does not end as unavailable while its tenant is paused.
        let rooted = farm.submit([Farm.job("2") { $0.roots = [.with { $0.name = "lib" }] }])
        farm.passInSteps(601_000) {
            $0.heartbeat(Farm.worker(1), []); $0.ask(.ping(WirePing()), 3);
            $0.ask(.ping(WirePing()), 3, from: Farm.operatorPeer)
        }
        #expect(farm.outcome(rooted[0]) == nil)
        change("acme", &farm, correlation: 12) { $0.paused = false }
        farm.finishChange()
        farm.settle()
        #expect(farm.assignments(worker).map(\.job) == [UInt64(ids[0].rawValue)])
    }

    @Test func aWeightCountsFromNowOn() {
        var share = FairShare(weight: 1)
        let first = share.charge()
        share.setWeight(4)
        share.settle(first, cost: 4_000_000, isWhole: true)
        #expect(share.virtualTime == 1_000_000)
    }

    @Test func onlyOperatorsMayAsk() {
        var farm = start()
        farm.ask(.listTenants(WireListTenants()), 2)
        farm.ask(.changeTenant(.with { $0.tenant = "acme" }), 3)
        farm.ask(.changeKey(.with { $0.owner = "client/acme/x" }), 4)
        farm.turn()
        #expect(farm.errors == [.notPermitted, .notPermitted, .notPermitted])
        #expect(farm.savedTenants.isEmpty && farm.keyChanges.isEmpty)
    }

    @Test func wrongValuesAndNamesAreRefused() {
        var farm = start()
        change("acme", &farm) { $0.weight = 0 }
        change("acme", &farm) { $0.weight = .nan }
        change("No name", &farm) { $0.weight = 1 }
        change("acme", &farm) { $0.connections = 0 }
        farm.ask(.changeKey(.with { $0.owner = "client/acme" }), 4, from: root)
        farm.ask(
            .changeKey(
                .with {
                    $0.owner = "client/acme/x"
                    $0.publicKey = "short"
                }), 5, from: root)
        farm.turn()
        #expect(farm.errors == [WireErrorCode](repeating: .malformedBody, count: 6))
        #expect(farm.savedTenants.isEmpty && farm.keyChanges.isEmpty)
    }

    @Test func aRevokedClientIsGoneAtOnceAndItsWatchesToo() {
        var farm = start()
        let ids = farm.submit([Farm.job("1")], watch: true)
        farm.clear()
        farm.ask(.changeKey(.with { $0.owner = "client/acme/key" }), 6, from: root)
        farm.turn()
        #expect(farm.keyChanges == [.revoke(Farm.identity(tenant: "acme"))])
        farm.finishChange()
        #expect(farm.disconnected == [Farm.client])
        #expect(farm.machine.clients[Farm.client] == nil)
        #expect(farm.machine.jobs[ids[0]]?.watches.isEmpty == true)
        guard case .keyList(let list)? = farm.replies.last?.reply else { return #expect(Bool(false), "no reply") }
        #expect(list.closed == 1)
    }

    @Test func aRevokedWorkerLeavesItsJobsWithoutBlame() throws {
        var farm = start()
        farm.connect(worker, name: "w", credit: 2)
        let ids = farm.submit([Farm.job("1")])
        farm.settle()
        #expect(farm.state(of: ids[0]) == .running)
        farm.machine.handle(.revoked([try #require(Identity(userID: "worker/key"))]), at: farm.time)
        farm.settle()
        #expect(farm.disconnected == [worker] && farm.machine.workers.isEmpty)
        #expect(farm.state(of: ids[0]) == .queued && farm.store.jobs[ids[0]]?.lost.isEmpty == true)
    }

    @Test func anOperatorDoesNotRevokeTheKeyThatItUses() {
        var farm = start()
        farm.ask(.changeKey(.with { $0.owner = "operator/root" }), 6, from: root)
        farm.turn()
        #expect(farm.errors == [.notPermitted] && farm.keyChanges.isEmpty)
    }
}
