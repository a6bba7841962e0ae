import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Nothing that a tenant sees reveals how many jobs other tenants have, or what the workers do for them.
@Suite struct SecrecyTests {
    let worker = Farm.worker(1)
    let other = Peer(endpoint: .clients, routingID: [2])

    private func accepted(_ farm: Farm, _ peer: Peer) -> [UInt64] {
        farm.replies.filter { $0.peer == peer }.flatMap { answer -> [UInt64] in
            guard case .submitReply(let reply) = answer.reply else { return [] }
            return reply.receipts.map(\.accepted.job)
        }
    }

    /// Two tenants submit in turn, and each counts its own jobs.
    private func farm() -> Farm {
        var farm = Farm()
        farm.hello()
        farm.hello(from: other, tenant: "other")
        farm.hello(from: Farm.operatorPeer)
        for _ in 0..<3 {
            _ = farm.submit([Farm.job("1")], watch: true, correlation: 5 + UInt64(farm.replies.count))
            _ = farm.submit([Farm.job("2")], from: other, tenant: "other")
        }
        return farm
    }

    @Test func jobsAreNumberedForEachTenant() {
        let farm = farm()
        #expect(accepted(farm, Farm.client) == [1, 2, 3])
        #expect(accepted(farm, other) == [1, 2, 3])
    }

    @Test func aNumberNamesOnesOwnJobInEveryQuestion() {
        var farm = farm()
        farm.clear()
        farm.ask(.get(.with { $0.job = 2 }), 8, from: other, tenant: "other")
        farm.ask(.cancel(.with { $0.jobs = [2, 4] }), 9, from: other, tenant: "other")
        farm.settle()
        guard case .jobStatus(let status)? = farm.replies.first(where: { $0.correlation == 8 })?.reply else {
            return #expect(Bool(false))
        }
        #expect(status.job == 2 && status.tenantJob == 0 && status.tenant.isEmpty)
        // The fourth job overall is the second one of this tenant, which has no fourth job.
        #expect(farm.outcome(JobID(rawValue: 4)) == .cancelled)
        guard case .cancelReply(let reply)? = farm.replies.first(where: { $0.correlation == 9 })?.reply else {
            return #expect(Bool(false))
        }
        #expect(reply.cancellations.map(\.effect) == [.cancelled, .unknownJob])
    }

    @Test func updatesBearTheTenantsNumbers() {
        var farm = farm()
        farm.connect(worker, name: "w", credit: 6)
        farm.settle()
        for id in 1...6 { farm.finish(worker, JobID(rawValue: Int64(id)), 1) }
        farm.settle()
        #expect(farm.updates.filter { $0.state == .finished }.map(\.job).sorted() == [1, 2, 3])
    }

    @Test func operatorsUseTheCoordinatorsIdsAndSeeTheTenantsNumbers() {
        var farm = farm()
        farm.ask(.get(.with { $0.job = 4 }), 8, from: Farm.operatorPeer)
        farm.turn()
        guard case .jobStatus(let status)? = farm.replies.last?.reply else { return #expect(Bool(false)) }
        #expect(status.job == 4 && status.tenantJob == 2 && status.tenant == "other")
    }

    @Test func whatWorkersHaveLeftIsForOperators() {
        var farm = farm()
        farm.connect(worker, name: "w", credit: 50)
        farm.heartbeat(worker, [Farm.lease(JobID(rawValue: 99), 1)])
        farm.finish(worker, JobID(rawValue: 99), 1)
        farm.settle()
        farm.clear()
        farm.ask(.getQueue(WireGetQueue()), 8)
        farm.ask(.getQueue(WireGetQueue()), 9, from: Farm.operatorPeer)
        farm.turn()
        let reports = farm.replies.compactMap { answer -> WireQueueReport? in
            if case .queueReport(let report) = answer.reply { report } else { nil }
        }
        #expect(reports.map(\.idleCredit) == [0, 44])
        #expect(reports.map { $0.staleRefused > 0 } == [false, true])
        #expect(reports.map(\.tenants.count) == [1, 2])
    }

    @Test func lostWorkersAreNamedToOperatorsOnly() {
        var farm = Farm()
        farm.hello()
        farm.hello(from: Farm.operatorPeer)
        farm.connect(worker, name: "build-7", credit: 1)
        _ = farm.submit([Farm.job("1")])
        farm.settle()
        farm.passInSteps(20_000) { $0.ask(.ping(WirePing()), 3) }
        farm.clear()
        farm.ask(.get(.with { $0.job = 1 }), 8)
        farm.ask(.get(.with { $0.job = 1 }), 9, from: Farm.operatorPeer)
        farm.turn()
        let lost = farm.replies.compactMap { answer -> [String]? in
            if case .jobStatus(let status) = answer.reply { status.lostWorkers } else { nil }
        }
        #expect(lost.count == 2 && lost.allSatisfy { $0.count == 1 })
        #expect(lost.map { $0.joined().contains("build-7") } == [false, true], "\(lost)")
    }

    @Test func aQuestionWithoutACorrelationIsRefused() {
        var farm = Farm()
        farm.ask(.hello(WireClientHello()), 0)
        farm.turn()
        #expect(farm.errors == [.malformedFrames] && farm.machine.clients.isEmpty)
        farm.hello()
        farm.turn()
        let questions: [ClientRequest] = [
            .submit(.with { $0.jobs = [Data(Farm.job("1").encoded())] }), .get(.with { $0.job = 1 }),
            .watch(.with { $0.jobs = [1] }), .readResult(WireReadResult()), .listJobs(WireListJobs()),
            .cancel(.with { $0.jobs = [1] }), .getQueue(WireGetQueue()), .listWorkers(WireListWorkers()),
            .drain(WireDrain()), .readTrace(WireReadTrace()), .ping(WirePing()),
        ]
        for question in questions {
            farm.clear()
            farm.ask(question, 0)
            farm.settle()
            #expect(farm.replies.map(\.reply.kind) == [.error] && farm.errors == [.malformedFrames], "\(question.kind)")
            #expect(farm.reads.isEmpty)
        }
        #expect(farm.store.jobs.isEmpty)
        // A message that is not answered needs no correlation id.
        farm.clear()
        farm.ask(.unwatch(.with { $0.correlation = 5 }), 0)
        farm.ask(.pong(WirePong()), 0)
        farm.turn()
        #expect(farm.replies.isEmpty)
    }
}
