import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

@Suite struct SubmitTests {
    private func batch(_ jobs: [WireJobSpecification]) -> ClientRequest {
        .submit(.with { $0.jobs = jobs.map { Data($0.encoded()) } })
    }

    @Test func nothingIsAcknowledgedBeforeItIsOnDisk() {
        var farm = Farm()
        farm.hello()
        farm.ask(batch([Farm.job("1"), Farm.job("2")]))
        farm.turn()
        #expect(farm.uncommitted.count == 2)
        #expect(farm.receipts.isEmpty)
        farm.commit()
        #expect(farm.receipts.map(\.accepted.job) == [1, 2])
    }

    @Test func receiptsComeInTheOrderOfTheBatchAndNameWhatIsWrong() {
        var farm = Farm()
        farm.hello()
        let tooLong = Farm.job("1") { $0.label = String(repeating: "x", count: 201) }
        let tooMuch = Farm.job("2") { $0.limits.memoryBytes = 1 << 60 }
        let noRoot = Farm.job("3") {
            $0.rootFile = .with {
                $0.root = "lib"; $0.path = "a.nix"
            }
        }
        farm.ask(batch([tooLong, Farm.job("ok"), tooMuch, noRoot]))
        farm.commit()
        #expect(farm.receipts.map(\.refused.code) == [.invalidJob, .unspecified, .quotaExceeded, .invalidJob])
        #expect(farm.receipts[1].accepted.job == 1)
        #expect(farm.receipts[0].refused.message.contains("label"))
        #expect(farm.receipts[2].refused.message.contains("memory_bytes"))
    }

    @Test func theSameKeyWithTheSameBytesIsTheSameJob() {
        var farm = Farm()
        farm.hello()
        let job = Farm.job("1") { $0.idempotencyKey = Data([1]) }
        let other = Farm.job("2") { $0.idempotencyKey = Data([1]) }
        #expect(farm.submit([job, job]) == [JobID(rawValue: 1), JobID(rawValue: 1)])
        #expect(farm.receipts[1].accepted.duplicate)
        farm.ask(batch([other]))
        farm.commit()
        #expect(farm.receipts[2].refused.code == .idempotencyConflict)
        // Another tenant's idempotency key is a different key.
        let peer = Peer(endpoint: .clients, routingID: [2])
        farm.hello(from: peer, tenant: "other")
        #expect(farm.submit([other], from: peer, tenant: "other") == [JobID(rawValue: 2)])
    }

    @Test func aFullQueueSaysWhenToTryAgain() {
        var settings = CoordinatorSettings()
        settings.defaultPolicy.maximumQueued = 2
        var farm = Farm(settings: settings)
        farm.hello()
        farm.ask(batch([Farm.job("1"), Farm.job("2"), Farm.job("3")]))
        farm.commit()
        #expect(farm.receipts.map(\.refused.code) == [.unspecified, .unspecified, .queueFull])
        #expect(farm.receipts[2].refused.retryAfterMs >= 50)
    }

    @Test func theRateOfCompletionIsThatOfTheLastFullSecond() {
        var rate = CompletionRate()
        for time in [1_000, 1_500, 1_999] as [Int64] { rate.count(at: time) }
        #expect(rate.perSecond(at: 1_999) == 0)
        for time in [2_000, 2_001, 2_002, 2_003] as [Int64] { rate.count(at: time) }
        #expect(rate.perSecond(at: 2_004) == 3)
        #expect(rate.perSecond(at: 3_000) == 4)
        #expect(rate.perSecond(at: 4_000) == 0)
    }

    @Test func aBatchThatIsTooLargeIsRefusedAsAWhole() {
        var settings = CoordinatorSettings()
        settings.batchJobs = 2
        var farm = Farm(settings: settings)
        farm.hello()
        farm.ask(batch([Farm.job("1"), Farm.job("2"), Farm.job("3")]))
        farm.ask(batch([]))
        farm.turn()
        #expect(farm.errors == [.batchTooLarge, .malformedBody])
        #expect(farm.uncommitted.isEmpty)
    }

    @Test func whoSaidNoHelloIsAskedToAndChangesNothing() {
        var farm = Farm()
        farm.ask(batch([Farm.job("1")]))
        farm.turn()
        #expect(farm.errors == [.helloRequired])
        farm.hello()
        // The same routing id with another key is another peer.
        farm.ask(batch([Farm.job("1")]), tenant: "thief")
        farm.turn()
        #expect(farm.errors == [.helloRequired, .helloRequired])
        #expect(farm.uncommitted.isEmpty)
    }

    @Test func operatorsSubmitNothingAndClientsDoNotDrain() {
        var farm = Farm()
        farm.hello()
        farm.hello(from: Farm.operatorPeer)
        farm.ask(batch([Farm.job("1")]), from: Farm.operatorPeer)
        farm.ask(.drain(WireDrain()))
        farm.ask(.listWorkers(WireListWorkers()))
        farm.turn()
        #expect(farm.errors == [.notPermitted, .notPermitted, .notPermitted])
    }

    @Test func aFailingStoreIsNamedAndTheBatchIsNotForgotten() {
        var farm = Farm()
        farm.hello()
        farm.ask(batch([Farm.job("1")]), 7)
        farm.turn()
        farm.machine.handle(.storeFailed("disk full"), at: farm.time)
        farm.ask(batch([Farm.job("2")]), 8)
        farm.turn()
        #expect(farm.errors == [.storeUnavailable, .storeUnavailable])
        farm.commit()
        #expect(farm.receipts.isEmpty)
        #expect(farm.store.jobs.count == 1)
        #expect(farm.submit([Farm.job("3")]).count == 1)
    }

    @Test func jobsWaitForTheirTimeAndEndAtTheirs() {
        var farm = Farm()
        farm.hello()
        let wall = farm.time.wall
        let later = Farm.job("1") { $0.notBeforeUnixMs = wall + 5_000 }
        let expiring = Farm.job("2") {
            $0.expiresUnixMs = wall + 2_000
            $0.roots = [.with { $0.name = "nowhere" }]
        }
        let ids = farm.submit([later, expiring])
        farm.connect(Farm.worker(1), name: "w", credit: 4)
        farm.settle()
        #expect(farm.assignments(Farm.worker(1)).isEmpty)
        farm.passInSteps(2_500) { $0.heartbeat(Farm.worker(1), []) }
        #expect(farm.outcome(ids[1]) == .unavailable)
        farm.passInSteps(3_000) { $0.heartbeat(Farm.worker(1), []) }
        #expect(farm.assignments(Farm.worker(1)).map(\.job) == [1])
    }

    /// A job may name any time, and adding the largest ones to the clock would overflow.
    @Test func aJobMayNameTheEndOfAllTimes() {
        var farm = Farm()
        farm.hello()
        let never = Farm.job("1") { $0.notBeforeUnixMs = .max }
        let forever = Farm.job("2") { $0.expiresUnixMs = .max }
        let ids = farm.submit([never, forever])
        farm.settle()
        #expect(ids.count == 2)
        farm.pass(1)
        #expect(farm.machine.nextTick > farm.time.steady)
        farm.restart()
        farm.pass(1)
        #expect(farm.machine.nextTick > farm.time.steady)
    }

    @Test func aJobThatNoWorkerFitsEndsUnavailableAndOthersDoNotWaitForIt() {
        var settings = CoordinatorSettings()
        settings.unavailableAfter = .seconds(3)
        var farm = Farm(settings: settings)
        farm.hello()
        farm.connect(
            Farm.worker(1), name: "w", credit: 1,
            roots: [
                .with {
                    $0.name = "lib"; $0.contentID = Data([1])
                }
            ])
        let ids = farm.submit([
            Farm.job("1") {
                $0.roots = [
                    .with {
                        $0.name = "lib"; $0.contentID = Data([2])
                    }
                ]
            },
            Farm.job("2") { $0.roots = [.with { $0.name = "lib" }] },
        ])
        farm.settle()
        #expect(farm.assignments(Farm.worker(1)).map(\.job) == [2])
        #expect(farm.assignments(Farm.worker(1)).first?.roots.first?.contentID == Data([1]))
        farm.passInSteps(5_000) { $0.heartbeat(Farm.worker(1), [Farm.lease(ids[1], 1)]) }
        #expect(farm.outcome(ids[0]) == .unavailable)
        #expect(farm.outcome(ids[1]) == nil)
    }
}
