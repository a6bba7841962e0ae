import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Jobs that take the stored outcome of an equal one.
@Suite struct CachedOutcomeTests {
    let worker = Farm.worker(1)

    private func job(_ text: String, _ change: (inout WireJobSpecification) -> Void = { _ in }) -> WireJobSpecification
    {
        Farm.job(text) {
            $0.cached = true
            $0.evaluatorVersion = "1"
            change(&$0)
        }
    }

    private func start() -> Farm {
        var farm = Farm()
        farm.hello()
        farm.connect(
            worker, name: "w", credit: 10,
            roots: [
                .with {
                    $0.name = "lib"; $0.contentID = Data([1])
                }
            ])
        farm.settle()
        return farm
    }

    /// Submits a job, lets the worker end it if it gets it, and returns whether it did.
    private func runs(
        _ job: WireJobSpecification, _ farm: inout Farm, tenant: String = "acme", _ outcome: WireOutcomeKind = .ok
    ) -> Bool {
        let peer = Peer(endpoint: .clients, routingID: Array(tenant.utf8))
        farm.hello(from: peer, tenant: tenant)
        farm.clear()
        let ids = farm.submit([job], from: peer, tenant: tenant)
        farm.settle()
        guard let assignment = farm.assignments(worker).first else {
            #expect(ids.allSatisfy { farm.outcome($0) != nil })
            return false
        }
        farm.finish(worker, JobID(rawValue: Int64(assignment.job)), assignment.attempt, outcome)
        farm.settle()
        return true
    }

    @Test func anEqualJobTakesTheOutcomeAndRunsNowhere() {
        var farm = start()
        #expect(runs(job("1"), &farm))
        #expect(!runs(job("1"), &farm))
        #expect(
            !runs(
                job("1") {
                    $0.label = "x"; $0.priority = 3; $0.key = "k"; $0.idempotencyKey = Data([1])
                }, &farm))
        #expect(farm.machine.jobs.isEmpty && farm.machine.metrics.jobsFromCache == 2)
        #expect(farm.machine.tenants.first { $0.name == "acme" }?.finished == 3)
    }

    @Test func whatDiffersRuns() {
        var farm = start()
        #expect(runs(job("1"), &farm))
        #expect(runs(job("2"), &farm))
        #expect(runs(job("1") { $0.limits.fuel = 77 }, &farm))
        #expect(
            runs(
                job("1") {
                    $0.roots = [
                        .with {
                            $0.name = "lib"; $0.contentID = Data([1])
                        }
                    ]
                }, &farm))
        #expect(
            runs(
                job("1") {
                    $0.arguments = [
                        .with {
                            $0.name = "a"; $0.text = Data()
                        }
                    ]
                }, &farm))
        #expect(runs(job("1"), &farm, tenant: "other"), "never across tenants")
        #expect(runs(Farm.job("1") { $0.evaluatorVersion = "1" }, &farm), "without the wish")
    }

    /// The limits that apply count, and not how they came to apply.
    @Test func aDefaultLimitEqualsTheSameLimitNamed() {
        var farm = start()
        #expect(runs(job("1"), &farm))
        #expect(!runs(job("1") { $0.limits = CoordinatorSettings().defaultPolicy.defaultLimits }, &farm))
    }

    @Test(arguments: [WireOutcomeKind.deadlineExceeded, .internalError, .cancelled])
    func whatMayEndOtherwiseIsNotTaken(outcome: WireOutcomeKind) {
        var farm = start()
        #expect(runs(job("1"), &farm, outcome))
        #expect(runs(job("1"), &farm))
    }

    @Test func anErrorIsTaken() {
        var farm = start()
        #expect(runs(job("1"), &farm, .evalError))
        #expect(!runs(job("1"), &farm))
    }

    @Test func whatIsNotNamedIsRefused() {
        var farm = start()
        let jobs = [
            job("1") { $0.evaluatorVersion = "" }, job("1") { $0.roots = [.with { $0.name = "lib" }] },
            job("1") { $0.traceLevel = .calls }, job("1") { $0.importFromDerivation = true },
            job("1") { $0.prepared.name = "set" }, job("1") { $0.after = [1] },
        ]
        farm.ask(.submit(.with { $0.jobs = jobs.map { Data($0.encoded()) } }))
        farm.settle()
        #expect(farm.receipts.map(\.refused.code) == [WireErrorCode](repeating: .invalidJob, count: jobs.count))
    }
}
