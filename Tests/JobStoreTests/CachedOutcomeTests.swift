import Foundation
import JobStore
import Testing

/// Outcomes that equal jobs of a tenant take.
@Suite struct CachedOutcomeTests {
    private let place = StoreDirectory()
    private let mark = Data([0x70, 1])

    private func job(_ key: String, tenant: String = "blue", at time: Milliseconds = 1_000) -> JobStoreOperation {
        var job = NewJob.sample(tenant: tenant, submitted: time)
        job.cache = OutcomeCache(key: Data(key.utf8), time: time, mark: mark)
        return .insert(job)
    }

    private func end(_ id: Int64, key: String?, value: Data? = nil) -> [JobStoreOperation] {
        var outcome = NewOutcome.sample("body \(id)")
        outcome.cacheKey = key.map { Data($0.utf8) }
        outcome.value = value
        return [
            .lease(JobID(rawValue: id), attempt: 1, worker: "w", at: 2, begins: true),
            .finish(JobID(rawValue: id), attempt: 1, outcome),
        ]
    }

    @Test func theLatestOutcomeOfAnEqualJobIsTaken() throws {
        let store = try place.open()
        _ = try store.apply([job("a")] + end(1, key: "a", value: Data("large".utf8)))
        let replies = try store.apply([job("a", at: 3_000), job("b"), job("a", tenant: "red")])
        #expect(
            replies == [
                .insertedFinished(JobID(rawValue: 2), number: 2), .inserted(JobID(rawValue: 3), number: 3),
                .inserted(JobID(rawValue: 4), number: 1),
            ])
        let taken = try #require(try store.job(.id(JobID(rawValue: 2))))
        #expect(taken.outcome == Data("body 1".utf8) + mark)
        #expect(taken.summary.state == .finished(code: 1) && taken.summary.finished == 3_000)
        #expect(taken.summary.fuel == 0, "it used none")
        #expect(try store.value(of: JobID(rawValue: 2), from: 0, count: 10)?.part == Data("large".utf8))
        #expect(try store.openJobs().map(\.id.rawValue) == [3, 4])
    }

    /// A taken outcome is found by later jobs as well, also when the first job is past its retention.
    @Test func aTakenOutcomeIsMarkedOnceAndOutlivesTheFirst() async throws {
        let store = try place.open()
        _ = try store.apply([job("a")] + end(1, key: "a") + [job("a", at: 900_000)])
        var policy = RetentionPolicy()
        policy.maximumAge = .seconds(500)
        #expect(try await store.retain(policy, now: 1_000_000).jobs == 1)
        #expect(try store.apply([job("a", at: 900_001)]) == [.insertedFinished(JobID(rawValue: 3), number: 3)])
        #expect(try store.job(.id(JobID(rawValue: 3)))?.outcome == Data("body 1".utf8) + mark)
        #expect(try await store.retain(policy, now: 2_000_000).jobs == 2)
        #expect(try store.apply([job("a", at: 5)]) == [.inserted(JobID(rawValue: 4), number: 4)])
    }

    @Test func anOutcomeWithoutAKeyIsNotTaken() throws {
        let store = try place.open()
        _ = try store.apply([job("a")] + end(1, key: nil))
        #expect(try store.apply([job("a")]) == [.inserted(JobID(rawValue: 2), number: 2)])
    }

    @Test func labelsWithPatternsAreTexts() throws {
        let store = try place.open()
        var job = NewJob.sample()
        job.label = "100%_x"
        _ = try store.apply([.insert(job), .insert(.sample())])
        for (prefix, count) in [("100%", 1), ("100%_", 1), ("%", 0), ("", 2)] {
            var filter = JobFilter()
            filter.labelPrefix = prefix
            #expect(try store.jobs(filter).count == count)
        }
    }
}
