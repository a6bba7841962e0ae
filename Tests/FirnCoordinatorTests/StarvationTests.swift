import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// No tenant waits behind jobs that another one has prefetched, and no job waits behind a long one if it could run
/// elsewhere.
@Suite struct StarvationTests {
    let worker = Farm.worker(1)

    private static let endless = FarmSimulation.Habit(
        microseconds: 2_000_000, ending: .result(.deadlineExceeded), fuel: 50_000_000)
    private static let tiny = FarmSimulation.Habit(microseconds: 100, fuel: 2)

    /// On one worker there are 40 endless jobs of C, and then two small ones of B, which run when the job that is
    /// running ends.
    @Test(arguments: [0, 500, 1_990]) func smallJobsWaitForTheOneThatRunsAndNoOther(submittedAt milliseconds: Int64) {
        var simulation = FarmSimulation(workers: 1)
        let endless = simulation.add("c", Self.endless)
        let small = simulation.add("b", Self.tiny)
        simulation.submit(40, of: endless)
        simulation.run(milliseconds: milliseconds)
        let jobs = simulation.submit(2, of: small)
        simulation.run(milliseconds: 2_010 - milliseconds)
        #expect(simulation.tenants[small].ended == jobs)
        #expect(simulation.tenants[endless].ended.count == 1)
        #expect(jobs.allSatisfy { simulation.attempts[$0, default: 0] <= 2 }, "\(simulation.attempts)")
        // The same again, for a tenant that is known by now.
        let next = simulation.submit(2, of: small)
        simulation.run(milliseconds: 2_000)
        #expect(simulation.tenants[small].ended == jobs + next)
        #expect(next.allSatisfy { simulation.attempts[$0] == 1 })
        simulation.run(milliseconds: 80_000)
        #expect(simulation.tenants[endless].ended.count == 40)
        #expect(simulation.farm.machine.metrics.leasesReturned < 20, "as many as the first worker's credit, once")
    }

    /// Each job is submitted when the previous one has its result, so its tenant has nothing queued in between.
    @Test func jobsThatFollowOneAnotherEachWaitForOneEndlessJobAtMost() {
        var simulation = FarmSimulation(workers: 1)
        let endless = simulation.add("c", Self.endless)
        let small = simulation.add("b", Self.tiny)
        simulation.submit(40, of: endless)
        simulation.run(milliseconds: 700)
        for round in 1...10 {
            let jobs = simulation.submit(1, of: small)
            simulation.run(milliseconds: 2_001)
            #expect(simulation.tenants[small].ended.last == jobs[0], "round \(round)")
            #expect(simulation.attempts[jobs[0]] == 1, "round \(round)")
        }
        #expect(simulation.tenants[endless].ended.count == 10, "nor does anyone else wait")
    }

    /// A tenant that comes later without usage stands where the other one does, so the released job goes first.
    @Test func aReleasedJobIsAheadOfTheFirstOfANewTenant() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 2)
        let ids = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        farm.tell(
            worker, .release(.with { $0.leases = ids.map { Farm.lease($0, 1, running: false) } }))
        farm.settle()
        for (number, name) in ["a", "b"].enumerated() {
            let peer = Peer(endpoint: .clients, routingID: [UInt8(number + 2)])
            farm.hello(from: peer, tenant: name)
            _ = farm.submit([Farm.job(name)], from: peer, tenant: name)
        }
        farm.clear()
        farm.tell(worker, .credit(.with { $0.jobs = 4 }))
        farm.settle()
        #expect(farm.assignments(worker).first?.job == UInt64(ids[0].rawValue))
        #expect(farm.assignments(worker).count == 4)
    }

    @Test func aWorkerThatIsBusyForLongIsGivenNothing() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 16)
        let first = farm.submit([Farm.job("long")])
        farm.settle()
        farm.pass(20)
        let others = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        #expect(farm.assignments(worker).map(\.job) == first.map { UInt64($0.rawValue) })
        farm.connect(Farm.worker(2), name: "w2", credit: 16)
        farm.settle()
        #expect(farm.assignments(Farm.worker(2)).map(\.job) == others.map { UInt64($0.rawValue) })
    }

    /// After a tenant's first job, its other jobs are expected to take as long.
    @Test func prefetchFollowsHowLongJobsTake() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 16)
        let ids = farm.submit((0..<40).map { Farm.job("\($0)") })
        farm.settle()
        #expect(farm.assignments(worker).count == 16)
        func finishNext(microseconds: UInt64) {
            let assignment = farm.assignments(worker)[farm.store.finished]
            farm.finish(
                worker, JobID(rawValue: Int64(assignment.job)), assignment.attempt, cpuNanoseconds: microseconds * 1_000
            )
            farm.tell(worker, .credit(.with { $0.jobs = 1 }))
            farm.settle()
        }
        // At eight milliseconds each, the running job and two more behind it begin within twenty.
        for _ in 0..<16 { finishNext(microseconds: 8_000) }
        #expect(farm.assignments(worker).count - farm.store.finished == 3)
        for _ in 0..<6 { finishNext(microseconds: 500_000) }
        #expect(farm.assignments(worker).count - farm.store.finished == 1)
        for _ in 0..<17 { finishNext(microseconds: 100) }
        #expect(farm.store.finished == 39)
        #expect(farm.outcome(ids[38]) == .ok)
    }

    @Test func aReleasedJobKeepsItsPlace() {
        var farm = Farm()
        farm.hello()
        farm.hello(from: Peer(endpoint: .clients, routingID: [2]), tenant: "other")
        farm.connect(worker, name: "w1", credit: 3)
        let ids = farm.submit((0..<3).map { Farm.job("\($0)") })
        farm.settle()
        // Later jobs of the tenant itself and of another one.
        let own = farm.submit((0..<2).map { Farm.job("own \($0)") })
        let others = farm.submit(
            (0..<2).map { Farm.job("other \($0)") }, from: Peer(endpoint: .clients, routingID: [2]), tenant: "other")
        let before = farm.machine.tenants.map(\.share.virtualTime)
        farm.tell(worker, .release(.with { $0.leases = ids.dropFirst().map { Farm.lease($0, 1, running: false) } }))
        farm.settle()
        #expect(farm.machine.tenants[0].share.virtualTime < before[0], "what did not run costs nothing")
        farm.finish(worker, ids[0], 1, fuel: 0, cpuNanoseconds: 0)
        farm.clear()
        farm.tell(worker, .credit(.with { $0.jobs = 16 }))
        farm.settle()
        let order = farm.assignments(worker).map { JobID(rawValue: Int64($0.job)) }
        #expect(order.filter { ids.contains($0) || own.contains($0) } == Array(ids.dropFirst()) + own)
        #expect(order.filter(others.contains) == others)
        #expect(order.first == others[0], "the other tenant has used nothing")
    }

    /// B's job is released again and again while C's small jobs run, and does not fall behind.
    @Test func releasingDoesNotMakeATenantNew() {
        var farm = Farm()
        let other = Peer(endpoint: .clients, routingID: [2])
        farm.hello()
        farm.hello(from: other, tenant: "b")
        farm.connect(worker, name: "w1", credit: 2)
        _ = farm.submit((0..<50).map { Farm.job("\($0)") })
        let waits = farm.submit([Farm.job("b")], from: other, tenant: "b")
        farm.settle()
        for round in 1..<10 {
            farm.clear()
            farm.finish(worker, JobID(rawValue: Int64(round)), 1, cpuNanoseconds: 5_000_000)
            if let attempt = farm.machine.jobs[waits[0]]?.attempt, attempt > 0 {
                farm.tell(worker, .release(.with { $0.leases = [Farm.lease(waits[0], attempt, running: false)] }))
            }
            farm.tell(worker, .credit(.with { $0.jobs = 2 }))
            farm.settle()
            #expect(farm.assignments(worker).first?.job == UInt64(waits[0].rawValue), "round \(round)")
        }
    }

    @Test func aHigherPriorityOvertakesWhatIsOnlyHeld() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 5)
        let ids = farm.submit((0..<4).map { Farm.job("\($0)") })
        farm.settle()
        let urgent = farm.submit([Farm.job("urgent") { $0.priority = 1_000 }])
        farm.settle()
        let sent = farm.assignments(worker).last
        #expect(sent?.job == UInt64(urgent[0].rawValue))
        #expect(sent?.aheadOf == UInt64(ids[1].rawValue), "ahead of what waits, behind what runs")
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(farm.state(of: urgent[0]) == .running)
        #expect(farm.state(of: ids[1]) == .held)
    }

    @Test func aTenantThatUsedLessOvertakesWhatIsOnlyHeld() {
        var farm = Farm()
        let other = Peer(endpoint: .clients, routingID: [2])
        farm.hello()
        farm.hello(from: other, tenant: "b")
        farm.connect(worker, name: "w1", credit: 16)
        let ids = farm.submit((0..<10).map { Farm.job("\($0)") })
        farm.settle()
        let late = farm.submit([Farm.job("b"), Farm.job("b")], from: other, tenant: "b")
        farm.settle()
        let sent = farm.assignments(worker).suffix(2)
        #expect(sent.map(\.job) == late.map { UInt64($0.rawValue) })
        // The second job alternates with those that the first tenant has there.
        #expect(sent.map(\.aheadOf) == [UInt64(ids[1].rawValue), UInt64(ids[2].rawValue)])
    }

    /// A worker without credit takes nothing more. The urgent job goes ahead as soon as there is credit.
    @Test func whatOvertakesWaitsForCreditAndForNothingElse() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 4)
        let ids = farm.submit((0..<4).map { Farm.job("\($0)") })
        farm.settle()
        let urgent = farm.submit([Farm.job("urgent") { $0.priority = 1_000 }])
        farm.settle()
        #expect(farm.assignments(worker).count == 4)
        farm.finish(worker, ids[0], 1)
        farm.tell(worker, .credit(.with { $0.jobs = 1 }))
        farm.settle()
        #expect(farm.assignments(worker).last?.job == UInt64(urgent[0].rawValue))
        #expect(farm.assignments(worker).last?.aheadOf == UInt64(ids[2].rawValue))
    }
}
