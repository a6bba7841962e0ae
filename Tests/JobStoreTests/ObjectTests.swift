import Foundation
import Testing

@testable import JobStore

/// Uploaded store objects.
@Suite struct ObjectTests {
    let place = StoreDirectory()
    private let one = JobID(rawValue: 1)
    private let two = JobID(rawValue: 2)

    private func name(_ text: String) -> Data { Data(text.utf8) }

    /// A store with two jobs of the run `r`, one of another tenant with the same key, and one on its own.
    private func filled() throws -> JobStore {
        let store = try place.open()
        var shared = NewJob.sample(key: "1")
        shared.closure = .shared(name("r"))
        var second = NewJob.sample(key: "2")
        second.closure = .shared(name("r"))
        var rival = NewJob.sample(tenant: "red", key: "3")
        rival.closure = .shared(name("r"))
        var own = NewJob.sample(key: "4")
        own.closure = .own
        _ = try store.apply([.insert(shared), .insert(second), .insert(rival), .insert(own), .insert(.sample())])
        return store
    }

    private func upload(
        _ store: JobStore, _ operation: UploadOperation, job: JobID, attempt: Int64 = 1
    ) async throws -> Set<Data> {
        try await withCheckedContinuation { continuation in
            store.upload(operation, job: job, attempt: attempt) { continuation.resume(returning: $0) }
        }.get()
    }

    private func offer(_ names: [String], number: Int64 = 0, list: String? = "list") -> UploadOperation {
        .offer(list: list.map { Data($0.utf8) }, number: number, names: names.map(name))
    }

    private func bytes(_ text: String, of object: String, length: Int64?) -> ObjectBytes {
        ObjectBytes(name: name(object), bytes: Data(text.utf8), length: length)
    }

    private func finish(_ store: JobStore, _ job: JobID, attempt: Int64 = 1) throws {
        _ = try store.apply([
            .lease(job, attempt: attempt, worker: "w", at: 1, begins: true),
            .finish(job, attempt: attempt, .sample(at: 1_000 * job.rawValue)),
        ])
    }

    @Test func anObjectIsThereWhenItIsComplete() async throws {
        let store = try filled()
        #expect(try await upload(store, offer(["a", "b"]), job: one) == [])
        _ = try await upload(
            store, .append([bytes("aaa", of: "a", length: 3), bytes("bb", of: "b", length: nil)]), job: one)
        #expect(try await upload(store, offer(["a", "b"], list: nil), job: two) == [name("a")])
        #expect(try store.object(name("a"), of: two, from: 1, count: 10)?.part == Data("aa".utf8))
        #expect(try store.object(name("b"), of: one, from: 0, count: 10) == nil)
        _ = try await upload(store, .append([bytes("BBB", of: "b", length: 5)]), job: one)
        let whole = try #require(try store.object(name("b"), of: two, from: 0, count: 10))
        #expect(whole.part == Data("bbBBB".utf8) && whole.length == 5)
        #expect(try store.object(name("b"), of: two, from: 9, count: 10)?.part == Data())
    }

    @Test func anotherTenantAndAnotherRunSeeNothing() async throws {
        let store = try filled()
        _ = try await upload(store, .append([bytes("aaa", of: "a", length: 3)]), job: one)
        for job in [JobID(rawValue: 3), JobID(rawValue: 4)] {
            #expect(try await upload(store, offer(["a"]), job: job) == [])
            #expect(try store.object(name("a"), of: job, from: 0, count: 10) == nil)
        }
        await #expect(throws: JobStoreError.self) { try await upload(store, offer(["a"]), job: JobID(rawValue: 5)) }
    }

    @Test func aDiscardedAttemptLeavesItsCompleteObjects() async throws {
        let store = try filled()
        _ = try await upload(store, offer(["a", "b"]), job: one)
        _ = try await upload(
            store, .append([bytes("aaa", of: "a", length: 3), bytes("half", of: "b", length: nil)]), job: one)
        _ = try await upload(store, .discard, job: one)
        try finish(store, one)
        #expect(try store.closureParts(of: one) == [])
        #expect(try store.object(name("a"), of: one, from: 0, count: 10)?.part == Data("aaa".utf8))
        let file = store.objects.path(run: 1, job: one, attempt: 1)
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        #expect(size == 7, "the list and the complete object; what was sent in part is cut off")
    }

    @Test func listsAreThoseOfTheFinishingAttempt() async throws {
        let store = try filled()
        _ = try await upload(store, offer(["a"], list: "lost"), job: one, attempt: 1)
        _ = try await upload(store, offer(["a"], list: "first"), job: one, attempt: 2)
        _ = try await upload(store, offer(["b"], number: 3, list: "second"), job: one, attempt: 2)
        #expect(try store.closureParts(of: one) == nil, "it is not finished")
        #expect(try store.closureParts(of: one, attempt: 2) == [0, 3])
        try finish(store, one, attempt: 2)
        #expect(try store.closureParts(of: one) == [0, 3])
        #expect(try store.closurePart(0, of: one) == Data("first".utf8))
        #expect(try store.closurePart(3, of: one) == Data("second".utf8))
        #expect(try store.closurePart(1, of: one) == nil)
    }

    @Test func filesGoWithTheLastJobOfTheirRun() async throws {
        let store = try filled()
        _ = try await upload(store, offer(["a"]), job: one)
        _ = try await upload(store, .append([bytes("aaa", of: "a", length: 3)]), job: one)
        try finish(store, one)
        try finish(store, two)
        let folder = place.path + "/objects/1"
        var report = try await store.retain(RetentionPolicy(maximumJobs: 1), now: 3_000)
        #expect(report.jobs == 1 && report.runs == 0)
        #expect(try store.object(name("a"), of: two, from: 0, count: 10) != nil)
        report = try await store.retain(RetentionPolicy(maximumJobs: 0), now: 3_000)
        #expect(report.jobs == 1 && report.runs == 1)
        try store.close()
        #expect(!FileManager.default.fileExists(atPath: folder))
        let again = try place.open()
        #expect(try again.reading { try StoreTotals.read($0).objectBytes } == 0)
    }

    @Test func aboveTheBoundObjectsGoAndJobsStay() async throws {
        let store = try filled()
        _ = try await upload(store, .append([bytes("aaa", of: "a", length: 3)]), job: one)
        _ = try await upload(store, .append([bytes("bbb", of: "b", length: 3)]), job: JobID(rawValue: 4))
        try finish(store, one)
        try finish(store, JobID(rawValue: 4))
        let policy = RetentionPolicy(maximumObjectBytes: 2)
        let report = try await store.retain(policy, now: 3_000)
        #expect(report.jobs == 0 && report.runs == 1, "the other run has an open job")
        #expect(try store.object(name("a"), of: one, from: 0, count: 10) != nil)
        #expect(try store.object(name("b"), of: JobID(rawValue: 4), from: 0, count: 10) == nil)
        #expect(try store.job(.id(JobID(rawValue: 4))) != nil)
        try finish(store, two)
        #expect(try await store.retain(policy, now: 3_000).runs == 1)
        #expect(try store.closureParts(of: one) == nil)
    }

    @Test func aDirectoryThatCannotBeWrittenIsAnError() async throws {
        let store = try filled()
        try FileManager.default.removeItem(atPath: place.path + "/objects")
        try Data("no directory".utf8).write(to: URL(filePath: place.path + "/objects"))
        await #expect(throws: JobStoreError.self) {
            try await upload(store, .append([bytes("aaa", of: "a", length: 3)]), job: one)
        }
        #expect(try await upload(store, offer(["a"], list: nil), job: one) == [])
    }
}
