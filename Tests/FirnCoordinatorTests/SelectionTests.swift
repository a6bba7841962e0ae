import FirnProtocol
import Foundation
import JobStore
import Logging
import Testing

@testable import FirnCoordinator

/// Cancelling and submitting again all jobs of a filter, with a real store behind the reader.
@Suite struct SelectionTests {
    private func read(_ selection: JobSelection, tenant: String? = "acme") -> CoordinatorRead {
        CoordinatorRead(
            peer: Farm.client, session: 1, correlation: 5, tenant: tenant, question: .select(selection), reserved: 0)
    }

    /// Jobs 1 to 6 of one tenant, of which the even ones failed and the third ended well, and one of another.
    private func store(_ place: ScratchDirectory) throws -> StoreReader {
        let store = try JobStore(directory: place.path)
        for number in 1...6 {
            let body = Farm.job("job \(number)") {
                $0.idempotencyKey = Data("k\(number)".utf8)
                $0.notBeforeUnixMs = 5
                $0.label = number < 4 ? "nightly/\(number)" : "day"
                $0.key = number == 1 ? "one" : ""
            }
            _ = try store.apply([
                .insert(
                    NewJob(
                        tenant: "acme", submitted: Int64(number) * 100, label: body.label, body: Data(body.encoded()),
                        key: body.key))
            ])
            guard number % 2 == 0 || number == 3 else { continue }
            let result = WireJobResult.with { $0.outcome = number == 3 ? .ok : .evalError }
            let outcome = NewOutcome(
                code: Int32(result.outcome.rawValue), finished: 1_000, body: Data(result.encoded()))
            _ = try store.apply([.conclude(JobID(rawValue: Int64(number)), outcome)])
        }
        _ = try store.apply([.insert(NewJob(tenant: "other", submitted: 1, body: Data()))])
        return StoreReader(store: store, settings: CoordinatorSettings())
    }

    private func selected(_ selection: JobSelection, _ reader: StoreReader, tenant: String? = "acme") throws -> [UInt64]
    {
        try reader.selected(selection, read(selection, tenant: tenant)).jobs
    }

    @Test func filtersSelectByStateLabelKeyAndTime() throws {
        let place = try ScratchDirectory()
        let reader = try store(place)
        func open(_ change: (inout WireJobFilter) -> Void) throws -> [UInt64] {
            try selected(.cancel(.with(change), reason: ""), reader)
        }
        #expect(try open { _ in } == [5, 1])
        #expect(try open { $0.labelPrefix = "nightly/" } == [1])
        #expect(try open { $0.key = "one" } == [1])
        #expect(try open { $0.submittedFromUnixMs = 101 } == [5])
        #expect(try open { $0.submittedUntilUnixMs = 500 } == [1])
        #expect(try open { $0.before = 5 } == [1])
        let token = Data(count: 16)
        #expect(try selected(.retry(WireJobFilter(), token: token), reader) == [6, 4, 2], "those that are not ok")
        #expect(try selected(.retry(.with { $0.outcome = .ok }, token: token), reader) == [3])
        #expect(try selected(.cancel(.with { $0.tenant = "other" }, reason: ""), reader, tenant: nil) == [7])
        #expect(try selected(.cancel(WireJobFilter(), reason: ""), reader, tenant: "other") == [1])
    }

    @Test func pagesFollowEachOther() throws {
        let place = try ScratchDirectory()
        let reader = try store(place)
        var filter = WireJobFilter.with { $0.limit = 2 }
        let first = try reader.selected(.retry(filter, token: Data()), read(.retry(filter, token: Data())))
        #expect(first.jobs == [6, 4] && first.nextBefore == 4)
        filter.before = first.nextBefore
        let second = try reader.selected(.retry(filter, token: Data()), read(.retry(filter, token: Data())))
        #expect(second.jobs == [2] && second.nextBefore == 0)
    }

    @Test func specificationsLoseWhatBelongedToTheFirstRun() throws {
        let place = try ScratchDirectory()
        let reader = try store(place)
        let selection = JobSelection.retryNamed([2, 1, 99], token: Data("0123456789abcdef".utf8))
        let selected = try reader.selected(selection, read(selection))
        let again = try WireJobSpecification(encoded: selected.specifications[0].get())
        #expect(again.source.text == Data("job 2".utf8) && again.notBeforeUnixMs == 0 && again.label == "nightly/2")
        #expect(again.idempotencyKey.starts(with: "retry0123456789abcdef".utf8))
        #expect(throws: ProtocolError.self) { try selected.specifications[1].get() }
        #expect(throws: ProtocolError.self) { try selected.specifications[2].get() }
    }

    // MARK: the state machine

    private func answer(_ selected: CoordinatorRead.Selected, _ farm: inout Farm) throws {
        let read = try #require(farm.reads.last)
        guard case .select(let selection) = read.question else { return #expect(Bool(false), "no selection") }
        farm.machine.handle(.answered(read, .selected(selection, selected)), at: farm.time)
        farm.settle()
    }

    @Test func aCancelEndsWhatTheStoreSelectedAndStillIsSo() throws {
        var farm = Farm()
        farm.hello()
        farm.connect(Farm.worker(1), name: "w", credit: 1)
        let ids = farm.submit([Farm.job("1"), Farm.job("2"), Farm.job("3")])
        farm.settle()
        farm.ask(.cancel(.with { $0.filter.state = .queued }), 8)
        farm.turn()
        var selected = CoordinatorRead.Selected()
        // The store has not learned that the first job is leased.
        selected.jobs = [3, 2, 1]
        selected.nextBefore = 1
        try answer(selected, &farm)
        guard case .cancelReply(let reply)? = farm.replies.last?.reply else { return #expect(Bool(false), "no reply") }
        #expect(reply.cancellations.map(\.job) == [3, 2] && reply.nextBefore == 1)
        #expect(farm.state(of: ids[0]) == .running && farm.outcome(ids[2]) == .cancelled)
        // Nothing selected is an answer, too.
        farm.ask(.cancel(.with { $0.filter.state = .blocked }), 9)
        farm.turn()
        try answer(CoordinatorRead.Selected(), &farm)
        #expect(farm.replies.last?.correlation == 9)
    }

    @Test func aRetrySubmitsOnceForEachToken() throws {
        var farm = Farm()
        farm.hello()
        let request = WireRetry.with {
            $0.jobs = [1, 2]
            $0.token = Data(count: 16)
        }
        var selected = CoordinatorRead.Selected()
        selected.jobs = [1, 2]
        let job = Farm.job("again") { $0.idempotencyKey = Data("retry1".utf8) }
        selected.specifications = [
            .success(Data(job.encoded())), .failure(ProtocolError(.unknownJob, "there is no job 2")),
        ]
        for _ in 0..<2 {
            farm.ask(.retry(request), 8)
            farm.turn()
            try answer(selected, &farm)
        }
        #expect(farm.machine.jobs.count == 1)
        let replies = farm.replies.compactMap { answer -> WireRetryReply? in
            if case .retryReply(let reply) = answer.reply { reply } else { nil }
        }
        #expect(replies.map { $0.retried.map(\.receipt.accepted.job) } == [[1, 0], [1, 0]])
        #expect(replies[1].retried[0].receipt.accepted.duplicate)
        #expect(replies[0].retried[1].receipt.refused.code == .unknownJob)
    }

    @Test func wrongRequestsAreRefused() {
        var farm = Farm()
        farm.hello()
        farm.hello(from: Farm.operatorPeer)
        farm.clear()
        farm.ask(.cancel(.with { $0.filter.state = .finished }), 2)
        farm.ask(.cancel(.with { $0.filter.outcome = .ok }), 3)
        farm.ask(
            .cancel(
                .with {
                    $0.jobs = [1]; $0.filter.key = "k"
                }), 4)
        farm.ask(.retry(.with { $0.jobs = [1] }), 5)
        farm.ask(.retry(.with { $0.token = Data(count: 16) }), 6)
        farm.ask(
            .retry(
                .with {
                    $0.filter.state = .queued; $0.token = Data(count: 16)
                }), 7)
        farm.ask(.cancel(.with { $0.filter.key = String(repeating: "x", count: 201) }), 8)
        farm.turn()
        #expect(farm.errors == [WireErrorCode](repeating: .malformedBody, count: 7))
        farm.ask(
            .retry(
                .with {
                    $0.jobs = [1]; $0.token = Data(count: 16)
                }), 9, from: Farm.operatorPeer)
        farm.turn()
        #expect(farm.errors.last == .notPermitted)
        #expect(farm.reads.isEmpty)
    }
}
