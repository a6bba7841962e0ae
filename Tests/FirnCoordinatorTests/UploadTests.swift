import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Store objects that workers upload. Two workers have a job of one run each.
@Suite struct UploadTests {
    let first = Farm.worker(1)
    let second = Farm.worker(2)

    /// Names of store objects of different lengths.
    static let names = ["a", "b", "c"].map { String(repeating: $0, count: 32) + "-" + $0 + ".drv" }

    static func job(_ run: String = "run", _ change: (inout WireJobSpecification) -> Void = { _ in })
        -> WireJobSpecification
    {
        Farm.job("1") {
            $0.closure.run = Data(run.utf8)
            change(&$0)
        }
    }

    /// A farm in which the first job is leased to the first worker, and the second to the second.
    private func farm(
        settings: CoordinatorSettings = CoordinatorSettings(), jobs: [WireJobSpecification] = [job(), job()]
    ) -> (Farm, [JobID]) {
        var farm = Farm(settings: settings)
        farm.hello()
        // The first job is the first worker's, because no other is connected yet.
        farm.connect(first, name: "w1", credit: 1)
        var ids = farm.submit(Array(jobs.prefix(1)))
        farm.settle()
        farm.connect(second, name: "w2", credit: 1)
        if jobs.count > 1 { ids += farm.submit(Array(jobs.dropFirst())) }
        farm.settle()
        return (farm, ids)
    }

    private func offer(_ names: [String], again: Bool = false) -> WireUpload.OneOf_Content {
        .offer(
            .with {
                $0.objects = names.map { name in .with { $0.name = Data(name.utf8) } }
                $0.again = again
            })
    }

    private func piece(_ name: String, _ text: String = "text", offset: UInt64 = 0, last: Bool = true)
        -> WireObjectPiece
    {
        .with {
            $0.name = Data(name.utf8)
            $0.offset = offset
            $0.bytes = Data(text.utf8)
            $0.last = last
        }
    }

    private func segment(_ pieces: [WireObjectPiece]) -> WireUpload.OneOf_Content {
        .segment(.with { $0.pieces = pieces })
    }

    private func upload(
        _ farm: inout Farm, _ peer: Peer, _ id: JobID, _ number: UInt32, attempt: UInt32 = 1,
        _ content: WireUpload.OneOf_Content
    ) {
        farm.tell(
            peer,
            .upload(
                .with {
                    $0.job = UInt64(id.rawValue)
                    $0.attempt = attempt
                    $0.number = number
                    $0.content = content
                }))
        farm.turn()
    }

    private func summary(parts: UInt32, objects: UInt64, bytes: UInt64) -> WireClosureSummary {
        .with {
            $0.parts = parts
            $0.objects = objects
            $0.uploadedBytes = bytes
        }
    }

    private func states(_ farm: Farm, _ peer: Peer) -> [UInt8] {
        [UInt8](farm.uploadReply(peer)?.answer.states ?? Data())
    }

    @Test func whatARunHasIsNotAskedForAgain() {
        var (farm, ids) = farm()
        upload(&farm, first, ids[0], 0, offer(Self.names))
        farm.storeUploads()
        #expect(states(farm, first) == [1, 1, 1])
        upload(&farm, first, ids[0], 1, segment(Self.names.map { piece($0) }))
        farm.storeUploads()
        #expect(farm.uploadReply(first)?.stored == 2)
        upload(&farm, second, ids[1], 0, offer(Self.names))
        farm.storeUploads()
        #expect(states(farm, second) == [0, 0, 0])
        farm.finish(first, ids[0], 1, closure: summary(parts: 1, objects: 3, bytes: 12))
        farm.finish(second, ids[1], 1, closure: summary(parts: 1, objects: 3, bytes: 0))
        farm.settle()
        #expect(ids.map { farm.outcome($0) } == [.ok, .ok])
    }

    @Test func whatAnotherJobSendsIsWaitedFor() {
        var (farm, ids) = farm()
        upload(&farm, first, ids[0], 0, offer(Self.names))
        upload(&farm, second, ids[1], 0, offer(Self.names))
        farm.storeUploads()
        #expect(states(farm, first) == [1, 1, 1] && states(farm, second) == [2, 2, 2])
        upload(&farm, second, ids[1], 1, offer(Self.names, again: true))
        farm.storeUploads()
        #expect(farm.uploadReply(second)?.answer.number == 0, "it is answered when none is being sent")
        upload(&farm, first, ids[0], 1, segment(Self.names.prefix(2).map { piece($0) }))
        farm.storeUploads()
        #expect(farm.uploadReply(second)?.answer.number == 0)
        upload(&farm, first, ids[0], 2, segment([piece(Self.names[2])]))
        farm.storeUploads()
        #expect(farm.uploadReply(second)?.answer.number == 1)
        #expect(states(farm, second) == [0, 0, 0])
    }

    @Test func aLostWorkersObjectsAreAskedOfTheNext() {
        var (farm, ids) = farm()
        upload(&farm, first, ids[0], 0, offer(Self.names))
        upload(&farm, second, ids[1], 0, offer(Self.names))
        farm.storeUploads()
        upload(&farm, first, ids[0], 1, segment([piece(Self.names[0]), piece(Self.names[1], last: false)]))
        upload(&farm, second, ids[1], 1, offer(Self.names, again: true))
        farm.storeUploads()
        farm.passInSteps(20_000) { $0.heartbeat(Farm.worker(2), [Farm.lease(ids[1], 1)]) }
        farm.storeUploads()
        #expect(farm.dropped.map(\.job) == [ids[0]], "what the lost attempt sent in part is dropped")
        #expect(states(farm, second) == [0, 1, 1], "one of the objects was complete")
        #expect(farm.machine.jobs[ids[0]]?.lost.count == 1)
    }

    @Test func tenantsDoNotShare() {
        var farm = Farm()
        let other = Peer(endpoint: .clients, routingID: [2])
        farm.hello()
        farm.hello(from: other, tenant: "rival")
        farm.connect(first, name: "w1", credit: 1)
        farm.connect(second, name: "w2", credit: 1)
        let ids = farm.submit([Self.job()]) + farm.submit([Self.job()], from: other, tenant: "rival")
        farm.settle()
        let holders = ids.map { farm.machine.jobs[$0]?.holder ?? first }
        upload(&farm, holders[0], ids[0], 0, offer(Self.names))
        farm.storeUploads()
        upload(&farm, holders[0], ids[0], 1, segment(Self.names.map { piece($0) }))
        farm.storeUploads()
        upload(&farm, holders[1], ids[1], 0, offer(Self.names))
        farm.storeUploads()
        #expect(states(farm, holders[1]) == [1, 1, 1], "the same run and the same names are told nothing of")
    }

    @Test func anAttemptThatHoldsNoLeaseIsRefused() {
        var (farm, ids) = farm()
        upload(&farm, second, ids[0], 0, offer(Self.names))
        farm.settle()
        #expect(farm.stale(second).map(\.job) == [UInt64(ids[0].rawValue)])
        upload(&farm, first, ids[0], 0, attempt: 2, offer(Self.names))
        farm.settle()
        #expect(farm.stale(first).map(\.attempt) == [2])
        #expect(farm.uploads.isEmpty)
    }

    /// What a worker may not send. Each ends its lease, and the job is queued again.
    @Test(arguments: [
        "an object that was not asked for", "the middle of an object", "another object before the end of one",
        "an object while an offer is not answered", "an offer before the objects", "an empty piece", "no name",
        "nothing",
        "a source in a root that the client lacks",
    ])
    func aWorkerThatBreaksTheRulesLosesItsLease(_ rule: String) {
        var (farm, ids) = farm()
        upload(&farm, first, ids[0], 0, offer(Array(Self.names.prefix(2))))
        if rule != "an object while an offer is not answered" { farm.storeUploads() }
        let content: WireUpload.OneOf_Content? =
            switch rule {
            case "an object that was not asked for": segment([piece(Self.names[2])])
            case "the middle of an object": segment([piece(Self.names[0], offset: 4)])
            case "another object before the end of one":
                segment([piece(Self.names[0], last: false), piece(Self.names[1])])
            case "an object while an offer is not answered": segment([piece(Self.names[0])])
            case "an offer before the objects": offer([Self.names[2]])
            case "an empty piece": segment([piece(Self.names[0], "", last: false)])
            case "no name": segment([piece("a/b")])
            case "nothing": nil
            default:
                .offer(
                    .with {
                        $0.objects = [
                            .with {
                                $0.name = Data(Self.names[2].utf8)
                                $0.source.root = "lib"
                            }
                        ]
                    })
            }
        if rule.hasPrefix("a source") {
            upload(&farm, first, ids[0], 1, segment(Self.names.prefix(2).map { piece($0) }))
            farm.storeUploads()
        }
        farm.tell(
            first,
            .upload(
                .with {
                    $0.job = UInt64(ids[0].rawValue)
                    $0.attempt = 1
                    $0.number = rule.hasPrefix("a source") ? 2 : 1
                    $0.content = content
                }))
        farm.storeUploads()
        #expect(farm.machine.jobs[ids[0]]?.lost.count == 1)
        #expect(farm.machine.jobs[ids[0]]?.lost.first?.cause.hasPrefix("it sent an upload that ") ?? false)
        #expect(farm.stale(first).count == 1)
    }

    @Test func aResultThatNamesOtherObjectsIsRefused() {
        for closure in [nil, summary(parts: 2, objects: 3, bytes: 0), summary(parts: 1, objects: 3, bytes: 0)] {
            var (farm, ids) = farm()
            upload(&farm, first, ids[0], 0, offer(Self.names))
            farm.storeUploads()
            farm.finish(first, ids[0], 1, closure: closure)
            farm.settle()
            #expect(farm.outcome(ids[0]) == nil)
            #expect(farm.machine.jobs[ids[0]]?.lost.count == 1)
        }
    }

    @Test func aJobWithoutObjectsNeedsNoUpload() {
        var (farm, ids) = farm()
        farm.finish(first, ids[0], 1, closure: WireClosureSummary())
        farm.finish(second, ids[1], 1, .evalError)
        farm.settle()
        #expect(ids.map { farm.outcome($0) } == [.ok, .evalError])
    }

    @Test func theJobsLimitIsKept() throws {
        var (farm, ids) = farm(jobs: [Self.job { $0.limits.closureBytes = 200 }])
        upload(&farm, first, ids[0], 0, offer([Self.names[0]]))
        farm.storeUploads()
        upload(&farm, first, ids[0], 1, segment([piece(Self.names[0], String(repeating: "x", count: 200))]))
        farm.storeUploads()
        let refused = try #require(farm.uploadReply(first)).refused
        #expect(refused.code == .quotaExceeded && refused.message.contains("more than 200 bytes"))
        #expect(farm.dropped.count == 1 && farm.objects.isEmpty)
        upload(&farm, first, ids[0], 2, segment([piece(Self.names[0])]))
        #expect(farm.uploads.isEmpty, "nothing more is taken")
        farm.finish(first, ids[0], 1, .resultTooLarge)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .resultTooLarge)
    }

    @Test func aTenantsHourIsKept() throws {
        var settings = CoordinatorSettings()
        settings.defaultPolicy.closureBytesPerHour = 300
        var (farm, ids) = farm(settings: settings)
        upload(&farm, first, ids[0], 0, offer([Self.names[0]]))
        farm.storeUploads()
        upload(&farm, first, ids[0], 1, segment([piece(Self.names[0], String(repeating: "x", count: 200))]))
        farm.storeUploads()
        #expect(farm.uploadReply(first)?.hasRefused == false)
        upload(&farm, second, ids[1], 0, offer([Self.names[1]]))
        farm.storeUploads()
        upload(&farm, second, ids[1], 1, segment([piece(Self.names[1], String(repeating: "x", count: 200))]))
        farm.storeUploads()
        #expect(farm.uploadReply(second)?.refused.code == .quotaExceeded)
        #expect(farm.uploadReply(second)?.refused.message.contains("tenant acme") ?? false)
    }

    @Test func aJobMayNotNameMoreThanItsTenantHas() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit([Self.job { $0.limits.closureBytes = 1 << 50 }])
        #expect(farm.receipts.last?.refused.code == .quotaExceeded)
    }

    @Test func uploadsOnTheirWayAreBounded() {
        var settings = CoordinatorSettings()
        settings.uploadWindowBytes = 64 << 10
        var (farm, ids) = farm(settings: settings)
        upload(&farm, first, ids[0], 0, offer([Self.names[0]]))
        farm.storeUploads()
        let text = String(repeating: "x", count: 40 << 10)
        upload(&farm, first, ids[0], 1, segment([piece(Self.names[0], text, last: false)]))
        #expect(farm.machine.jobs[ids[0]]?.lost.isEmpty ?? false)
        upload(&farm, first, ids[0], 2, segment([piece(Self.names[0], text, offset: 40 << 10)]))
        #expect(farm.machine.jobs[ids[0]]?.lost.count == 1, "it did not wait until the first was stored")
    }

    @Test func whatWasOnItsWayIsSentAgainAfterAReconnect() {
        var (farm, ids) = farm(jobs: [Self.job()])
        upload(&farm, first, ids[0], 0, offer(Self.names))
        farm.storeUploads()
        let again = Farm.worker(3)
        farm.connect(again, name: "w1", credit: 1, leases: [Farm.lease(ids[0], 1)])
        farm.settle()
        upload(&farm, again, ids[0], 0, offer(Self.names))
        #expect(states(farm, again) == [1, 1, 1], "the answer is repeated")
        upload(&farm, again, ids[0], 1, segment(Self.names.map { piece($0) }))
        upload(&farm, again, ids[0], 1, segment(Self.names.map { piece($0) }))
        farm.storeUploads()
        #expect(farm.uploadReply(again)?.stored == 2)
        farm.finish(again, ids[0], 1, closure: summary(parts: 1, objects: 3, bytes: 12))
        farm.settle()
        #expect(farm.outcome(ids[0]) == .ok)
    }

    /// Only the coordinator's process knew what was uploaded, so the job is evaluated again, and no worker is blamed.
    @Test(arguments: [true, false]) func aRestartBeginsAnew(hasFinished: Bool) {
        var (farm, ids) = farm(jobs: [Self.job()])
        upload(&farm, first, ids[0], 0, offer(Self.names))
        farm.storeUploads()
        farm.restart()
        farm.connect(first, name: "w1", leases: [Farm.lease(ids[0], 1)])
        farm.settle()
        if hasFinished {
            farm.finish(first, ids[0], 1, closure: summary(parts: 1, objects: 3, bytes: 12))
        } else {
            upload(&farm, first, ids[0], 1, segment([piece(Self.names[0])]))
        }
        farm.settle()
        #expect(farm.stale(first).map(\.attempt) == [1])
        #expect(farm.state(of: ids[0]) == .queued)
        #expect(farm.machine.jobs[ids[0]]?.lost.isEmpty ?? false)
    }

    @Test func aWorkerThatIsOlderGetsNoSuchJob() {
        var farm = Farm()
        farm.hello()
        farm.connect(first, name: "w1", credit: 2, closures: false)
        let ids = farm.submit([Self.job(), Farm.job("2")])
        farm.settle()
        #expect(farm.assignments(first).map(\.job) == [UInt64(ids[1].rawValue)])
        farm.connect(second, name: "w2", credit: 1)
        farm.settle()
        #expect(farm.assignments(second).map(\.job) == [UInt64(ids[0].rawValue)])
    }

    @Test func aFullDiskEndsTheJobAndNotTheFarm() {
        var (farm, ids) = farm(jobs: [Self.job()])
        upload(&farm, first, ids[0], 0, offer(Self.names))
        farm.storeUploads()
        upload(&farm, first, ids[0], 1, segment([piece(Self.names[0])]))
        farm.uploadFault = "No space left on device"
        farm.storeUpload()
        farm.uploadFault = nil
        farm.storeUploads()
        #expect(farm.uploadReply(first)?.refused.code == .storeUnavailable)
        #expect(farm.uploadReply(first)?.refused.message.contains("No space left on device") ?? false)
        #expect(farm.dropped.count == 1)
        farm.finish(first, ids[0], 1, .internalError)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .internalError)
    }
}
