import FirnProtocol
import JobStore
import Testing

@testable import FirnCoordinator

/// Ways to take more than a fair share, against a tenant of plain jobs. Whatever a cheat exploits, the processor time
/// of both tenants ends within a tenth of their weights.
@Suite struct CheatTests {
    struct Cheat: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let habit: FarmSimulation.Habit
        var seconds: Int64 = 20
    }

    static let cheats = [
        Cheat(
            testDescription: "sources that take long to compile and use no fuel",
            habit: FarmSimulation.Habit(microseconds: 200_000)),
        Cheat(
            testDescription: "long work inside builtins",
            habit: FarmSimulation.Habit(microseconds: 100_000, fuel: 1_000)),
        Cheat(
            testDescription: "failures after long work",
            habit: FarmSimulation.Habit(microseconds: 50_000, ending: .result(.evalError), fuel: 10)),
        Cheat(
            testDescription: "memory up to a worker's, and its limit passed",
            habit: FarmSimulation.Habit(
                microseconds: 100_000, ending: .result(.memoryExceeded), fuel: 1_000, memoryBytes: 1 << 30)),
        Cheat(testDescription: "a flood of tiny jobs", habit: FarmSimulation.Habit(microseconds: 300, fuel: 10)),
        Cheat(
            testDescription: "endless jobs that end at their timeout",
            habit: FarmSimulation.Habit(microseconds: 2_000_000, ending: .result(.deadlineExceeded), fuel: 1_000),
            seconds: 120),
        Cheat(
            testDescription: "endless jobs that are cancelled",
            habit: FarmSimulation.Habit(microseconds: 700_000, ending: .cancelled), seconds: 60),
        Cheat(
            testDescription: "jobs that their worker dies of",
            habit: FarmSimulation.Habit(microseconds: 900_000, ending: .losesWorker), seconds: 120),
    ]

    private static let honest = FarmSimulation.Habit(microseconds: 20_000, fuel: 1_000_000)

    @Test(arguments: cheats, [1.0, 3.0]) func processorTimeIsSharedByWeight(_ cheat: Cheat, weight: Double) {
        var settings = CoordinatorSettings()
        settings.tenants["cheat"] = {
            var policy = TenantPolicy()
            policy.weight = weight
            return policy
        }()
        var simulation = FarmSimulation(workers: 2, settings: settings)
        let cheats = simulation.add("cheat", cheat.habit)
        let honest = simulation.add("honest", Self.honest)
        simulation.submit(100, of: cheats)
        simulation.submit(100, of: honest)
        simulation.run(milliseconds: cheat.seconds * 1_000, backlog: true)
        let due = weight / (weight + 1)
        let share = simulation.share(of: cheats)
        #expect(abs(share - due) <= 0.1 * min(due, 1 - due), "\(share) instead of \(due)")
        let used = simulation.tenants.reduce(0) { $0 + $1.used }
        #expect(used >= 2 * cheat.seconds * 1_000_000 * 98 / 100, "workers wait for nothing while jobs do")
    }

    /// A tenant that takes the memory of four workers keeps others from these workers, and is charged for them.
    @Test func memoryBeyondAWorkersIsPaidFor() {
        var simulation = FarmSimulation(workers: 2)
        let large = simulation.add(
            "large", FarmSimulation.Habit(microseconds: 100_000, memoryBytes: 4 << 30, memoryLimit: 4 << 30))
        let small = simulation.add("small", Self.honest)
        simulation.submit(100, of: large)
        simulation.submit(100, of: small)
        simulation.run(milliseconds: 20_000, backlog: true)
        #expect((0.18...0.22).contains(simulation.share(of: large)), "a fifth: four workers' worth for each of them")
        #expect(simulation.share(of: small) > 0.78)
    }

    /// The cost of a job is known only after it has run, so leases are charged an estimate. A tenant whose jobs are
    /// sometimes tiny and sometimes long makes every estimate wrong, and gains nothing by it.
    @Test func aTenantThatCannotBeForeseenGetsItsShare() {
        var simulation = FarmSimulation(workers: 2)
        let tiny = simulation.add("tiny", FarmSimulation.Habit(microseconds: 500))
        let long = simulation.add("long", FarmSimulation.Habit(microseconds: 400_000))
        let honest = simulation.add("honest", Self.honest)
        for tenant in [tiny, long, honest] { simulation.submit(100, of: tenant) }
        simulation.run(milliseconds: 30_000, backlog: true)
        for tenant in [tiny, long, honest] {
            #expect(abs(simulation.share(of: tenant) - 1 / 3) < 0.034, "\(simulation.share(of: tenant))")
        }
    }
}
