import Foundation
import GRDB

extension JobStore {
    /// Appends segments to their files and then commits their index rows. `done` is called on the store's trace queue.
    /// A segment that is already stored is not indexed again. Calls are served in order, independently of batches.
    public func appendTraces(
        _ segments: [TraceSegment], done: @escaping @Sendable (Result<Void, JobStoreError>) -> Void
    ) {
        traceQueue.async { [self] in
            do {
                var rows: [(segment: TraceSegment, start: Int64)] = []
                for segment in segments {
                    let start = try traces.append(segment.bytes, job: segment.job, attempt: segment.attempt)
                    rows.append((segment, start))
                }
                try pool.write { database in try Self.index(rows, in: database) }
                done(.success(()))
            } catch {
                done(.failure(JobStoreError(error)))
            }
        }
    }

    private static func index(_ rows: [(segment: TraceSegment, start: Int64)], in database: Database) throws {
        var totals = try StoreTotals.read(database)
        let statement = try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO traceSegment (job, attempt, number, start, length) VALUES (?, ?, ?, ?, ?)")
        for (segment, start) in rows {
            try statement.execute(arguments: [
                segment.job.rawValue, segment.attempt, segment.number, start, Int64(segment.bytes.count),
            ])
            if database.changesCount > 0 { totals.traceBytes += Int64(segment.bytes.count) }
        }
        try totals.write(database)
    }

    /// The stored trace of the attempt that gave the outcome, or of the last attempt if there is no outcome; nil if
    /// nothing is stored.
    public func trace(of job: JobID) throws(JobStoreError) -> StoredTrace? {
        try reading { database in
            let outcome = try Row.fetchOne(
                database, sql: "SELECT attempt, traceSegments, traceDropped FROM outcome WHERE job = ?",
                arguments: [job.rawValue])
            let latest = try Int64.fetchOne(
                database, sql: "SELECT max(attempt) FROM traceSegment WHERE job = ?", arguments: [job.rawValue])
            let attempt: Int64? = outcome.map { $0[0] } ?? latest
            guard let attempt else { return nil }
            let rows = try Row.fetchAll(
                database, sql: "SELECT number, length FROM traceSegment WHERE job = ? AND attempt = ? ORDER BY number",
                arguments: [job.rawValue, attempt])
            let announced: Int64 = outcome?[1] ?? -1
            let dropped: Int64 = outcome?[2] ?? 0
            guard !rows.isEmpty || announced > 0 else { return nil }
            let numbers: [Int64] = rows.map { $0[0] }
            return StoredTrace(
                job: job, attempt: attempt, numbers: numbers, bytes: rows.reduce(0) { $0 + ($1[1] as Int64) },
                dropped: dropped, isComplete: dropped == 0 && numbers == Array(0..<max(announced, 0)))
        }
    }

    /// The bytes of one segment; nil if it is not stored, or its end was lost in a crash.
    public func traceSegment(job: JobID, attempt: Int64, number: Int64) throws(JobStoreError) -> Data? {
        let row = try reading { database in
            try Row.fetchOne(
                database, sql: "SELECT start, length FROM traceSegment WHERE job = ? AND attempt = ? AND number = ?",
                arguments: [job.rawValue, attempt, number])
        }
        guard let row else { return nil }
        return traces.read(job: job, attempt: attempt, start: row[0], length: row[1])
    }
}
