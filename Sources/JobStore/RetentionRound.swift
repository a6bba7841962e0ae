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
    /// Runs whose files are to be removed.
    private(set) var removedRuns: [Int64] = []

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
        try removeRuns(&totals)
        report.traces = removedTraces.count
        report.runs = removedRuns.count
        report.hasMore = report.jobs == limit || report.traces >= limit || report.runs >= Self.runs
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
            try removeClosure(of: job, &totals)
            for table in ["lease", "loss", "outcome", "value", "cachedOutcome"] {
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

    /// Removes a job from its run, and the run with its last job.
    private mutating func removeClosure(of job: JobID, _ totals: inout StoreTotals) throws {
        let select = try database.cachedStatement(sql: "SELECT run FROM jobRun WHERE job = ?")
        guard let run = try Int64.fetchOne(select, arguments: [job.rawValue]) else { return }
        try delete("DELETE FROM jobRun WHERE job = ?", job)
        try delete("DELETE FROM closurePart WHERE job = ?", job)
        let others = try database.cachedStatement(sql: "SELECT 1 FROM jobRun WHERE run = ? LIMIT 1")
        if try Int64.fetchOne(others, arguments: [run]) == nil { try remove(run, &totals) }
    }

    /// Removes the objects of the oldest runs above the bound.
    private mutating func removeRuns(_ totals: inout StoreTotals) throws {
        guard totals.objectBytes > policy.maximumObjectBytes else { return }
        let oldest = try Int64.fetchAll(
            try database.cachedStatement(
                sql: """
                    SELECT id FROM closureRun WHERE bytes > 0 AND NOT EXISTS (
                        SELECT 1 FROM jobRun WHERE run = closureRun.id
                        AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.job = jobRun.job))
                    ORDER BY id LIMIT ?
                    """), arguments: [Self.runs])
        for run in oldest where totals.objectBytes > policy.maximumObjectBytes {
            let jobs = try Int64.fetchAll(database, sql: "SELECT job FROM jobRun WHERE run = ?", arguments: [run])
            for job in jobs { try delete("DELETE FROM closurePart WHERE job = ?", JobID(rawValue: job)) }
            try database.execute(sql: "DELETE FROM jobRun WHERE run = ?", arguments: [run])
            try remove(run, &totals)
        }
    }

    private mutating func remove(_ run: Int64, _ totals: inout StoreTotals) throws {
        let bytes = try Int64.fetchOne(
            try database.cachedStatement(sql: "SELECT bytes FROM closureRun WHERE id = ?"), arguments: [run])
        totals.objectBytes -= bytes ?? 0
        for sql in ["DELETE FROM object WHERE run = ?", "DELETE FROM closureRun WHERE id = ?"] {
            try database.cachedStatement(sql: sql).execute(arguments: [run])
        }
        removedRuns.append(run)
    }

    /// Runs above the bound that one round removes. A run of a whole package set has tens of thousands of objects.
    private static let runs = 10

    private func delete(_ sql: String, _ job: JobID) throws {
        try database.cachedStatement(sql: sql).execute(arguments: [job.rawValue])
    }
}
