import Foundation
import GRDB
import Platform

/// One transaction of retention.
struct RetentionRound {
    struct TraceFile {
        let job: JobID
        let attempt: Int64
    }

    let database: Database
    let policy: RetentionPolicy
    let now: Milliseconds
    let limit: Int
    private(set) var report = RetentionReport()
    private(set) var removedTraces: [TraceFile] = []

    init(database: Database, policy: RetentionPolicy, now: Milliseconds, limit: Int) {
        self.database = database
        self.policy = policy
        self.now = now
        self.limit = limit
    }

    mutating func run() throws {
        var totals = try StoreTotals.read(database)
        let before = totals
        try removeJobs(&totals)
        try removeTraces(&totals)
        report.traces = removedTraces.count
        report.hasMore = report.jobs == limit || report.traces >= limit
        if totals != before {
            try totals.write(database)
        }
    }

    private mutating func removeJobs(_ totals: inout StoreTotals) throws {
        let oldest = try Row.fetchAll(
            try database.cachedStatement(
                sql: "SELECT job, finished, size FROM outcome ORDER BY finished, job LIMIT ?"),
            arguments: [limit])
        for row in oldest {
            let finished: Milliseconds = row[1]
            guard
                now - finished > policy.maximumAge.milliseconds || totals.finished > policy.maximumJobs
                    || totals.resultBytes > policy.maximumResultBytes
            else { return }
            let job = JobID(rawValue: row[0])
            try removeTrace(job, &totals)
            for table in ["lease", "loss", "outcome", "value"] {
                try delete("DELETE FROM \(table) WHERE job = ?", job)
            }
            try delete("DELETE FROM job WHERE id = ?", job)
            totals.finished -= 1
            totals.resultBytes -= row[2]
            report.jobs += 1
        }
    }

    private mutating func removeTraces(_ totals: inout StoreTotals) throws {
        guard totals.traceBytes > policy.maximumTraceBytes else { return }
        let oldest = try Int64.fetchAll(
            try database.cachedStatement(sql: "SELECT DISTINCT job FROM traceSegment ORDER BY job LIMIT ?"),
            arguments: [limit])
        for job in oldest where totals.traceBytes > policy.maximumTraceBytes {
            try removeTrace(JobID(rawValue: job), &totals)
        }
    }

    private mutating func removeTrace(_ job: JobID, _ totals: inout StoreTotals) throws {
        let statement = try database.cachedStatement(
            sql: "SELECT attempt, sum(length) FROM traceSegment WHERE job = ? GROUP BY attempt")
        let rows = try Row.fetchAll(statement, arguments: [job.rawValue])
        for row in rows {
            removedTraces.append(TraceFile(job: job, attempt: row[0]))
            totals.traceBytes -= row[1]
        }
        if !rows.isEmpty {
            try delete("DELETE FROM traceSegment WHERE job = ?", job)
        }
    }

    private func delete(_ sql: String, _ job: JobID) throws {
        try database.cachedStatement(sql: sql).execute(arguments: [job.rawValue])
    }
}
