import Foundation
import Testing

@testable import JobStore

@Suite struct RetentionTests {
    let place = StoreDirectory()

    private func filled(_ count: Int64, bytes: Int = 10) throws -> JobStore {
        let store = try place.open()
        var operations: [JobStoreOperation] = []
        for number in 1...count {
            let job = JobID(rawValue: number)
            operations += [
                .insert(.sample(key: "k\(number)")), .lease(job, attempt: 1, worker: "w", at: 1, begins: true),
                .finish(job, attempt: 1, .sample(String(repeating: "x", count: bytes), at: number * 1000)),
            ]
        }
        operations.append(.insert(.sample("open")))
        _ = try store.apply(operations)
        return store
    }

    @Test func removesByAge() async throws {
        let store = try filled(10)
        let report = try await store.retain(RetentionPolicy(maximumAge: .seconds(4)), now: 10_000)
        #expect(report.jobs == 5)
        #expect(try store.jobs(JobFilter()).map(\.id.rawValue) == [11, 10, 9, 8, 7, 6])
        #expect(try store.apply([.insert(.sample(key: "k1"))]) == [.inserted(JobID(rawValue: 12), number: 12)])
    }

    @Test func removesByCountAndSizeInRounds() async throws {
        let store = try filled(10)
        var report = try await store.retain(RetentionPolicy(maximumJobs: 4), now: 10_000, limit: 5)
        #expect(report == RetentionReport(jobs: 5, traces: 0, hasMore: true))
        report = try await store.retain(RetentionPolicy(maximumJobs: 4), now: 10_000, limit: 5)
        #expect(report == RetentionReport(jobs: 1, traces: 0, hasMore: false))
        report = try await store.retain(RetentionPolicy(maximumResultBytes: 20), now: 10_000)
        #expect(report.jobs == 2)
        #expect(try store.openJobs().map(\.id.rawValue) == [11])
    }

    @Test func numbersAreNeverUsedAgain() async throws {
        var store = try filled(3)
        _ = try store.apply([.conclude(JobID(rawValue: 4), .sample())])
        _ = try await store.retain(RetentionPolicy(maximumJobs: 0), now: 10_000)
        #expect(try store.jobs(JobFilter()).isEmpty)
        try store.close()
        store = try place.open()
        #expect(try store.apply([.insert(.sample())]) == [.inserted(JobID(rawValue: 5), number: 5)])
    }

    @Test func tracesGoFirstTheirJobsStay() async throws {
        let store = try filled(3)
        for job: Int64 in 1...3 {
            try await append(store, [segment(job, 0, "0123456789")])
        }
        let report = try await store.retain(RetentionPolicy(maximumTraceBytes: 15), now: 10_000)
        #expect(report == RetentionReport(jobs: 0, traces: 2, hasMore: false))
        #expect(try store.trace(of: JobID(rawValue: 1)) == nil)
        #expect(try store.trace(of: JobID(rawValue: 3))?.bytes == 10)
        #expect(try store.jobs(JobFilter()).count == 4)
    }

    @Test func tracesAreCompleteOnlyWithEverySegmentAndNoDrop() async throws {
        let store = try place.open()
        let job = JobID(rawValue: 1)
        _ = try store.apply([.insert(.sample()), .lease(job, attempt: 1, worker: "w", at: 1, begins: true)])
        try await append(store, [segment(1, 0, "first"), segment(1, 2, "third")])
        #expect(try store.trace(of: job)?.isComplete == false)
        var outcome = NewOutcome.sample()
        outcome.traceSegments = 3
        _ = try store.apply([.finish(job, attempt: 1, outcome)])
        #expect(try store.trace(of: job)?.isComplete == false)
        try await append(store, [segment(1, 1, "second"), segment(1, 1, "again")])
        let trace = try #require(try store.trace(of: job))
        #expect(trace.isComplete)
        #expect(trace.numbers == [0, 1, 2])
        #expect(try store.traceSegment(job: job, attempt: 1, number: 1) == Data("second".utf8))
        #expect(try store.traceSegment(job: job, attempt: 1, number: 2) == Data("third".utf8))
        #expect(try store.traceSegment(job: job, attempt: 2, number: 1) == nil)
    }

    /// Otherwise the sum of trace bytes would stay too high for ever, and traces would be removed below the bound.
    @Test func aRepeatedSegmentIsCountedOnce() async throws {
        let store = try place.open()
        let job = JobID(rawValue: 1)
        _ = try store.apply([.insert(.sample()), .lease(job, attempt: 1, worker: "w", at: 1, begins: true)])
        for _ in 0..<3 { try await append(store, [segment(1, 0, "0123456789")]) }
        let report = try await store.retain(RetentionPolicy(maximumTraceBytes: 10), now: 1)
        #expect(report.traces == 0)
        #expect(try store.trace(of: job)?.bytes == 10)
    }

    @Test func aCutTraceFileReadsAsMissing() async throws {
        let store = try place.open()
        _ = try store.apply([.insert(.sample())])
        try await append(store, [segment(1, 0, "0123456789")])
        let path = store.traces.path(job: JobID(rawValue: 1), attempt: 1)
        try Data("0123".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try store.traceSegment(job: JobID(rawValue: 1), attempt: 1, number: 0) == nil)
    }

    private func segment(_ job: Int64, _ number: Int64, _ text: String) -> TraceSegment {
        TraceSegment(job: JobID(rawValue: job), attempt: 1, number: number, bytes: Data(text.utf8))
    }

    private func append(_ store: JobStore, _ segments: [TraceSegment]) async throws {
        let result = await withCheckedContinuation { continuation in
            store.appendTraces(segments) { continuation.resume(returning: $0) }
        }
        try result.get()
    }
}
