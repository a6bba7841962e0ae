import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Objects for the operator's binary cache, and the questions of clients.
@Suite struct ClosureTests {
    private let worker = Farm.worker(1)

    private func farm() -> (Farm, JobID?) {
        var settings = CoordinatorSettings()
        settings.closureCache = ClosureCacheSettings(directory: "/cache")
        var farm = Farm(settings: settings)
        farm.hello()
        farm.connect(worker, name: "w1", credit: 1)
        let ids = farm.submit([UploadTests.job { $0.closure.destination = .cache }])
        farm.settle()
        farm.finish(worker, ids[0], 1, closure: WireClosureSummary())
        farm.settle()
        return (farm, ids.first)
    }

    @Test func aResultCountsWhenItsObjectsAreInTheCache() throws {
        var (farm, job) = farm()
        let id = try #require(job)
        #expect(farm.published.map(\.job) == [id])
        #expect(farm.outcome(id) == nil)
        // The worker sends it again, because it heard nothing.
        farm.finish(worker, id, 1, closure: WireClosureSummary())
        farm.settle()
        #expect(farm.outcome(id) == nil)
        farm.machine.handle(.published(id, attempt: 1, failure: nil), at: farm.time)
        farm.settle()
        #expect(farm.outcome(id) == .ok)
        #expect(farm.committed(worker).count == 1)
    }

    @Test func aCacheThatCannotBeWrittenFailsTheJob() throws {
        var (farm, job) = farm()
        let id = try #require(job)
        farm.machine.handle(.published(id, attempt: 1, failure: "No space left on device"), at: farm.time)
        farm.settle()
        #expect(farm.outcome(id) == .internalError)
    }

    @Test func withoutACacheNoJobMayAskForIt() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit([UploadTests.job { $0.closure.destination = .cache }])
        #expect(farm.receipts.last?.refused.code == .notPermitted)
    }

    @Test func objectsOfAnOpenJobCannotBeRead() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit([UploadTests.job()])
        farm.clear()
        farm.ask(.readClosure(.with { $0.job = 1 }))
        farm.ask(
            .readObjects(
                .with {
                    $0.job = 1
                    $0.names = [Data(UploadTests.names[0].utf8)]
                }), 8)
        farm.turn()
        #expect(farm.errors == [.notFinished, .notFinished])
        farm.ask(.readObjects(.with { $0.job = 2 }), 9)
        farm.turn()
        #expect(farm.errors.last == .malformedBody)
        farm.ask(.readClosure(.with { $0.job = 2 }), 10)
        farm.turn()
        #expect(farm.reads.count == 1, "the store knows whether there was such a job")
    }
}
