import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

@Suite struct FairnessTests {
    /// Runs `count` jobs one after another, each of which uses the fuel that its source names. Returns the tenants in
    /// the order of their jobs.
    private func run(_ count: Int, _ farm: inout Farm) -> [String] {
        let worker = Farm.worker(1)
        farm.clear()
        farm.connect(worker, name: "w", credit: 1)
        farm.settle()
        var order: [String] = []
        var seen = 0
        while order.count < count {
            let assignments = farm.assignments(worker)
            guard assignments.count > seen else { break }
            for assignment in assignments[seen...] {
                let id = JobID(rawValue: Int64(assignment.job))
                let specification = try? WireJobSpecification(serializedBytes: assignment.specification)
                let fuel = specification.flatMap { UInt64(String(decoding: $0.source.text, as: UTF8.self)) } ?? 0
                order.append(farm.store.jobs[id]?.job.tenant ?? "")
                farm.finish(worker, id, assignment.attempt, fuel: fuel)
                farm.tell(worker, .credit(.with { $0.jobs = 1 }))
            }
            seen = assignments.count
            farm.settle()
        }
        return order
    }

    private func submit(_ count: Int, fuel: Int, as tenant: String, number: UInt8, _ farm: inout Farm) {
        let peer = Peer(endpoint: .clients, routingID: [number])
        farm.hello(from: peer, tenant: tenant)
        let ids = farm.submit((0..<count).map { _ in Farm.job("\(fuel)") }, from: peer, tenant: tenant)
        #expect(ids.count == count)
    }

    @Test func tenantsShareByWhatTheyUseAndNotByJobs() {
        var farm = Farm()
        submit(300, fuel: 1_000_000, as: "heavy", number: 1, &farm)
        submit(300, fuel: 100_000, as: "light", number: 2, &farm)
        let order = run(330, &farm)
        let heavy = order.count { $0 == "heavy" }
        // Each job uses a tenth of the fuel, so there are ten times as many jobs. The first ones are charged an
        // estimate.
        #expect((25...45).contains(heavy))
    }

    @Test func weightsMultiplyTheShare() {
        var settings = CoordinatorSettings()
        settings.tenants["paying"] = {
            var policy = TenantPolicy()
            policy.weight = 3
            return policy
        }()
        var farm = Farm(settings: settings)
        submit(200, fuel: 50_000, as: "free", number: 1, &farm)
        submit(200, fuel: 50_000, as: "paying", number: 2, &farm)
        let paying = run(200, &farm).count { $0 == "paying" }
        #expect((145...155).contains(paying))
    }

    @Test func aTenantThatWasAwayGetsNoMoreThanItsShare() {
        var farm = Farm()
        submit(100, fuel: 10_000, as: "busy", number: 1, &farm)
        #expect(run(60, &farm).count == 60)
        submit(100, fuel: 10_000, as: "late", number: 2, &farm)
        let late = run(40, &farm).count { $0 == "late" }
        #expect((18...22).contains(late))
    }

    @Test func withinATenantPriorityComesBeforeAge() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit([
            Farm.job("a"), Farm.job("b") { $0.priority = 5 }, Farm.job("c") { $0.priority = -5 },
            Farm.job("d") { $0.priority = 5 },
        ])
        farm.connect(Farm.worker(1), name: "w", credit: 4)
        farm.settle()
        #expect(farm.assignments(Farm.worker(1)).map(\.job) == [2, 4, 1, 3])
    }

    /// A farm whose only worker evaluates the first of two jobs and has reported two seconds of processor time.
    private func evaluating() -> (Farm, [JobID]) {
        var farm = Farm()
        farm.hello()
        farm.connect(Farm.worker(1), name: "w", credit: 2)
        let ids = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        var running = Farm.lease(ids[0], 1)
        running.cpuNs = 2_000_000_000
        farm.heartbeat(Farm.worker(1), [running, Farm.lease(ids[1], 1, running: false)])
        farm.turn()
        return (farm, ids)
    }

    @Test func aRunningJobIsChargedWhatItsHeartbeatsTell() {
        var (farm, ids) = evaluating()
        #expect(farm.machine.tenants[0].share.settled == 2e9)
        farm.finish(Farm.worker(1), ids[0], 1, fuel: 10, cpuNanoseconds: 2_500_000_000)
        farm.settle()
        #expect(farm.machine.tenants[0].share.settled == 2.5e9)
        #expect(farm.machine.tenants[0].used.cpuNanoseconds == 2_500_000_000)
    }

    @Test func aJobThatLostItsWorkerIsChargedAndTheOneThatWaitedIsNot() {
        var (farm, ids) = evaluating()
        farm.passInSteps(12_000)
        #expect(farm.store.jobs[ids[0]]?.lost.count == 1)
        // The charge is the reported time and one heartbeat, because after that more would have been reported.
        #expect(farm.machine.tenants[0].used.cpuNanoseconds == 3_000_000_000)
        #expect(farm.machine.tenants[0].share.settled == 3e9)
        #expect(farm.machine.tenants[0].share.virtualTime == 3e9, "nothing is leased any more")
    }

    @Test func aWorkerThatLeavesIsPaidForWhatItBrokeOff() {
        var (farm, _) = evaluating()
        farm.time.steady += 300
        farm.tell(Farm.worker(1), .goodbye(WireGoodbye()))
        farm.turn()
        #expect(farm.machine.tenants[0].used.cpuNanoseconds == 2_300_000_000)
    }

    @Test func aCancelledJobThatDoesNotStopIsCharged() {
        var (farm, ids) = evaluating()
        farm.ask(.cancel(.with { $0.jobs = [UInt64(ids[0].rawValue)] }), 20)
        var running = Farm.lease(ids[0], 1)
        farm.passInSteps(6_000) {
            running.cpuNs += 250_000_000
            $0.heartbeat(Farm.worker(1), [running, Farm.lease(ids[1], 1, running: false)])
        }
        #expect(farm.outcome(ids[0]) == .cancelled)
        // The coordinator ended the job after five seconds, of which each quarter was reported.
        #expect((4_750_000_000...5_250_000_000).contains(farm.machine.tenants[0].used.cpuNanoseconds))
    }

    /// A tenant that was idle is owed nothing, and a tenant that used idle workers has no debt for it.
    @Test func usingIdleWorkersIsNoDebt() {
        var farm = Farm()
        submit(50, fuel: 100_000_000, as: "alone", number: 1, &farm)
        #expect(run(50, &farm).count == 50)
        submit(40, fuel: 1_000_000, as: "new", number: 2, &farm)
        submit(40, fuel: 1_000_000, as: "alone", number: 1, &farm)
        let alone = run(40, &farm).count { $0 == "alone" }
        #expect((17...23).contains(alone))
    }

    @Test func fuelOfTheHourIsAQuota() {
        var settings = CoordinatorSettings()
        settings.defaultPolicy.fuelPerHour = 1_000
        var farm = Farm(settings: settings)
        submit(1, fuel: 2_000, as: "acme", number: 1, &farm)
        #expect(run(1, &farm).count == 1)
        farm.ask(.submit(.with { $0.jobs = [Data(Farm.job("1").encoded())] }), from: Farm.client)
        farm.turn()
        #expect(farm.receipts.last?.refused.code == .quotaExceeded)
        farm.time.wall += 3_600_000
        farm.hello()
        #expect(farm.submit([Farm.job("1")]).count == 1)
    }

    @Test func jobsGoToTheLeastLoadedWorker() {
        var farm = Farm()
        farm.hello()
        farm.connect(Farm.worker(1), name: "w1", credit: 4)
        farm.connect(Farm.worker(2), name: "w2", credit: 4)
        _ = farm.submit((0..<4).map { Farm.job("\($0)") })
        farm.settle()
        #expect(farm.assignments(Farm.worker(1)).count == 2)
        #expect(farm.assignments(Farm.worker(2)).count == 2)
    }
}
