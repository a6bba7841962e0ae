import Foundation
import GRDB

/// What one round of retention removed.
public struct RetentionReport: Sendable, Equatable {
    public var jobs = 0
    public var traces = 0
    /// Runs whose store objects were removed.
    public var runs = 0
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
        pool.asyncWriteWithoutTransaction { [traces, traceQueue, objects, objectQueue] database in
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
                let runs = round.removedRuns
                objectQueue.async { runs.forEach { objects.remove(run: $0) } }
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
