import Foundation
import GRDB

/// How long finished jobs are kept. What exceeds a bound is removed, oldest first. Open jobs are never removed.
public struct RetentionPolicy: Sendable, Equatable {
    /// Milliseconds for which a job is kept after its outcome.
    public var maximumAge: Milliseconds
    /// The number of finished jobs that are kept.
    public var maximumJobs: Int64
    /// Bytes of encoded outcomes and values that are kept.
    public var maximumResultBytes: Int64
    /// Bytes of trace segments that are kept. Above it the oldest traces are removed; their jobs stay.
    public var maximumTraceBytes: Int64

    public init(
        maximumAge: Milliseconds = 7 * 24 * 3_600_000, maximumJobs: Int64 = 1_000_000,
        maximumResultBytes: Int64 = 4 << 30, maximumTraceBytes: Int64 = 4 << 30
    ) {
        self.maximumAge = maximumAge
        self.maximumJobs = maximumJobs
        self.maximumResultBytes = maximumResultBytes
        self.maximumTraceBytes = maximumTraceBytes
    }
}

/// What one round of retention removed.
public struct RetentionReport: Sendable, Equatable {
    public var jobs = 0
    public var traces = 0
    /// Whether the round stopped at its limit, so that another one has more to remove.
    public var hasMore = false
}

extension JobStore {
    /// Removes at most `limit` jobs, and traces beyond the policy, in one transaction. A small limit keeps the wait of
    /// later batches short. It is to be called again while the report has `hasMore`.
    public func retain(
        _ policy: RetentionPolicy, now: Milliseconds, limit: Int = 500,
        done: @escaping @Sendable (Result<RetentionReport, JobStoreError>) -> Void
    ) {
        pool.asyncWriteWithoutTransaction { [traces, traceQueue] database in
            do {
                var round = RetentionRound(database: database, policy: policy, now: now, limit: limit)
                try database.inTransaction(.immediate) {
                    try round.run()
                    return .commit
                }
                let removed = round.removedTraces
                traceQueue.async {
                    removed.forEach { traces.remove(job: $0.job, attempt: $0.attempt) }
                }
                done(.success(round.report))
            } catch {
                done(.failure(JobStoreError(error)))
            }
        }
    }

    /// The same, for a caller that can suspend.
    public func retain(
        _ policy: RetentionPolicy, now: Milliseconds, limit: Int = 500
    ) async throws(JobStoreError) -> RetentionReport {
        let result: Result<RetentionReport, JobStoreError> = await withCheckedContinuation { continuation in
            retain(policy, now: now, limit: limit) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}
