import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Fairness keys within a tenant, and their limits.
@Suite struct FairnessKeyTests {
    let worker = Farm.worker(1)

    private func jobs(_ count: Int, key: String, running: UInt32 = 0) -> [WireJobSpecification] {
        (0..<count).map { number in
            Farm.job("\(key) \(number)") {
                $0.key = key
                $0.keyRunning = running
            }
        }
    }

    /// Runs jobs one after another, and returns their keys in that order.
    private func run(_ count: Int, _ farm: inout Farm, cost: (String) -> UInt64 = { _ in 1_000_000 }) -> [String] {
        farm.connect(worker, name: "w", credit: 1)
        farm.settle()
        var order: [String] = []
        while order.count < count, let assignment = farm.assignments(worker).last {
            let specification = try? WireJobSpecification(serializedBytes: assignment.specification)
            let key = specification?.key ?? ""
            order.append(key)
            farm.clear()
            farm.finish(
                worker, JobID(rawValue: Int64(assignment.job)), assignment.attempt, cpuNanoseconds: cost(key))
            farm.tell(worker, .credit(.with { $0.jobs = 1 }))
            farm.settle()
        }
        return order
    }

    @Test func keysTakeTurnsByWhatTheyUse() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit(jobs(100, key: "large") + jobs(20, key: "small"))
        let first = run(40, &farm)
        #expect((19...21).contains(first.count { $0 == "small" }), "\(first)")
        var costly = Farm()
        costly.hello()
        _ = costly.submit(jobs(100, key: "costly") + jobs(100, key: "cheap"))
        let order = run(60, &costly) { $0 == "costly" ? 30_000_000 : 10_000_000 }
        // A job of one key costs as much as three of the other.
        #expect((12...18).contains(order.count { $0 == "costly" }), "\(order)")
    }

    @Test func priorityComesBeforeTheTurnOfKeys() {
        var farm = Farm()
        farm.hello()
        let urgent = jobs(10, key: "a").map { job in
            var job = job
            job.priority = 1
            return job
        }
        _ = farm.submit(jobs(10, key: "b") + urgent)
        #expect(run(10, &farm) == [String](repeating: "a", count: 10))
    }

    /// A key that was away gets no credit for it, also if it was forgotten meanwhile.
    @Test func aKeyThatWasAwayStartsWithTheOthers() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit(jobs(1, key: "late") + jobs(100, key: "busy"))
        _ = run(50, &farm)
        _ = farm.submit(jobs(50, key: "late"))
        let order = run(20, &farm)
        #expect((9...11).contains(order.count { $0 == "late" }), "\(order)")
    }

    @Test(arguments: [true, false]) func asManyOfAKeyAreLeasedAsMayBe(isTenants: Bool) {
        var settings = CoordinatorSettings()
        if isTenants { settings.defaultPolicy.maximumPerKey = 2 }
        var farm = Farm(settings: settings)
        farm.hello()
        for number in 1...4 { farm.connect(Farm.worker(UInt8(number)), name: "w\(number)", credit: 4) }
        let limited = farm.submit(jobs(6, key: "k", running: isTenants ? 3 : 2))
        let other = farm.submit(jobs(2, key: "other"))
        farm.settle()
        let leased = farm.machine.jobs.values.filter(\.isLeased)
        #expect(leased.count { $0.admission.key == "k" } == 2)
        #expect(other.allSatisfy { farm.machine.jobs[$0]?.isLeased ?? false })
        // One ends, and one more begins.
        let peer = (1...4).map { Farm.worker(UInt8($0)) }.first {
            !farm.assignments($0).isEmpty && farm.assignments($0)[0].job == 1
        }
        farm.finish(peer ?? worker, limited[0], 1)
        farm.settle()
        #expect(farm.machine.jobs.values.count { $0.isLeased && $0.admission.key == "k" } == 2)
        #expect(farm.machine.jobs.count == 7)
    }

    @Test func theQueuesOfATenantAreBounded() {
        var farm = Farm()
        farm.hello()
        let most = TenantState.maximumQueues
        #expect(farm.submit((0..<most).map { number in Farm.job("1") { $0.key = "\(number)" } }).count == most)
        #expect(farm.submit([Farm.job("1") { $0.key = "one more" }]).isEmpty)
        let refusal = farm.receipts.last?.refused
        #expect(refusal?.code == .quotaExceeded && refusal?.retryAfterMs ?? 0 > 0)
        #expect(farm.submit([Farm.job("1") { $0.key = "17" }]).count == 1, "a key that is known has room")
        farm.ask(.cancel(.with { $0.jobs = [1] }), 9)
        farm.settle()
        #expect(farm.submit([Farm.job("1") { $0.key = "one more" }]).count == 1)
    }

    /// Keys that were used once and never again do not add up.
    @Test func forgottenKeysTakeNoMemory() {
        var shares = KeyShares()
        var account = FairShare(weight: 1)
        for number in 0..<10_000 {
            let charge = account.charge()
            shares.count("\(number)", ready: 1)
            shares.charge(charge, to: "\(number)")
            shares.count("\(number)", leased: 1)
            shares.count("\(number)", ready: -1)
            shares.settle(charge, cost: Double(10_000 - number), isWhole: true, "\(number)")
            account.close(charge)
            shares.count("\(number)", leased: -1)
        }
        #expect(shares.count <= 2_001, "\(shares.count)")
    }
}
