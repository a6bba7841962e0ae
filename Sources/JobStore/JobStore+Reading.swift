import Foundation
import GRDB

extension JobStore {
    func reading<Value>(_ body: (Database) throws -> Value) throws(JobStoreError) -> Value {
        do {
            return try pool.read(body)
        } catch {
            throw JobStoreError(error)
        }
    }

    /// Everything without an outcome, oldest first: what a coordinator starts from.
    public func openJobs() throws(JobStoreError) -> [OpenJob] {
        try reading { database in
            let lost = try Self.losses(
                database, where: "job NOT IN (SELECT job FROM outcome)", arguments: StatementArguments())
            let rows = try Row.fetchCursor(database, sql: Self.openSQL)
            var jobs: [OpenJob] = []
            while let row = try rows.next() {
                jobs.append(Self.openJob(row, lost: lost))
            }
            return jobs
        }
    }

    /// The body of the job, its outcome and its losses; nil when there is no such job, or not any more.
    public func job(_ id: JobID) throws(JobStoreError) -> JobRecord? {
        try reading { database in
            let row = try Row.fetchOne(
                database, sql: "\(Self.summarySelect), job.body, outcome.body \(Self.summaryFrom) WHERE job.id = ?",
                arguments: [id.rawValue])
            guard let row else { return nil }
            let lost = try Self.losses(database, where: "job = ?", arguments: [id.rawValue])
            return JobRecord(
                summary: Self.summary(row), body: row[14], outcome: row[15], lost: lost[id] ?? [])
        }
    }

    /// A part of a value that was stored beside its outcome, and the size of the whole; nil when there is none.
    public func value(of job: JobID, from offset: Int64, count: Int) throws(JobStoreError) -> (part: Data, size: Int64)?
    {
        let row = try reading { database in
            try Row.fetchOne(
                database, sql: "SELECT substr(bytes, ?, ?), length(bytes) FROM value WHERE job = ?",
                arguments: [max(offset, 0) + 1, max(count, 0), job.rawValue])
        }
        guard let row else { return nil }
        return (row[0], row[1])
    }

    /// The encoded outcomes of these jobs, those that have one.
    public func outcomes(of ids: [JobID]) throws(JobStoreError) -> [JobID: Data] {
        try reading { database in
            let statement = try database.cachedStatement(sql: "SELECT body FROM outcome WHERE job = ?")
            var found: [JobID: Data] = [:]
            for id in ids {
                found[id] = try Data.fetchOne(statement, arguments: [id.rawValue])
            }
            return found
        }
    }

    /// Newest first.
    public func jobs(_ filter: JobFilter) throws(JobStoreError) -> [JobSummary] {
        try reading { database in
            var conditions = ["1"]
            var arguments = StatementArguments()
            if let tenant = filter.tenant {
                conditions.append("job.tenant = (SELECT number FROM tenant WHERE name = ?)")
                arguments += [tenant]
            }
            if let before = filter.before {
                conditions.append("job.id < ?")
                arguments += [before.rawValue]
            }
            conditions.append("(\(Self.condition(states: filter.states, now: filter.now)))")
            if let code = filter.code {
                conditions.append("outcome.code = ?")
                arguments += [code]
            }
            arguments += [filter.limit]
            let rows = try Row.fetchAll(
                database,
                sql: """
                    \(Self.summarySelect) \(Self.summaryFrom) WHERE \(conditions.joined(separator: " AND "))
                    ORDER BY job.id DESC LIMIT ?
                    """, arguments: arguments)
            return rows.map(Self.summary)
        }
    }

    private static func condition(states: Set<JobFilter.Kind>, now: Milliseconds) -> String {
        var parts = ["0"]
        if states.contains(.finished) { parts.append("outcome.job IS NOT NULL") }
        if states.contains(.held) { parts.append("outcome.job IS NULL AND lease.held = 1 AND lease.begun = 0") }
        if states.contains(.running) { parts.append("outcome.job IS NULL AND lease.held = 1 AND lease.begun > 0") }
        let waiting = "outcome.job IS NULL AND coalesce(lease.held, 0) = 0 AND job.notBefore"
        if states.contains(.queued) { parts.append("\(waiting) <= \(now)") }
        if states.contains(.delayed) { parts.append("\(waiting) > \(now)") }
        return parts.joined(separator: " OR ")
    }

    private static let summarySelect = """
        SELECT job.id, tenant.name, job.priority, job.submitted, lease.attempt, lease.held, lease.worker,
        max(lease.leased, lease.begun), outcome.code, outcome.finished, outcome.fuel, job.label, job.notBefore, lease.begun > 0
        """
    private static let summaryFrom = """
        FROM job JOIN tenant ON tenant.number = job.tenant LEFT JOIN lease ON lease.job = job.id
        LEFT JOIN outcome ON outcome.job = job.id
        """
    private static let openSQL = """
        SELECT job.id, tenant.name, job.priority, job.submitted, job.notBefore, job.deadline, job.idempotencyKey,
        job.label, job.body, lease.attempt, lease.held, lease.worker, lease.begun > 0
        FROM job JOIN tenant ON tenant.number = job.tenant LEFT JOIN lease ON lease.job = job.id
        WHERE NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.job = job.id) ORDER BY job.id
        """
}

extension JobStore {
    private static func summary(_ row: Row) -> JobSummary {
        let code: Int32? = row[8]
        let isLeased: Bool = row[5] ?? false
        let hasBegun: Bool = row[13] ?? false
        let open: JobState = isLeased ? (hasBegun ? .running : .held) : .queued
        return JobSummary(
            id: JobID(rawValue: row[0]), tenant: row[1], state: code.map { .finished(code: $0) } ?? open,
            priority: row[2], label: row[11], submitted: row[3], notBefore: row[12], attempt: row[4] ?? 0,
            worker: row[6],
            started: row[7] ?? 0, finished: row[9] ?? 0,
            fuel: row[10] ?? 0)
    }

    private static func openJob(_ row: Row, lost: [JobID: [LostWorker]]) -> OpenJob {
        let id = JobID(rawValue: row[0])
        let job = NewJob(
            tenant: row[1], idempotencyKey: row[6], priority: row[2], submitted: row[3], notBefore: row[4],
            deadline: row[5], label: row[7], body: row[8])
        let held: Bool = row[10] ?? false
        return OpenJob(
            id: id, job: job, attempt: row[9] ?? 0, holder: held ? row[11] : nil, hasBegun: held && row[12] ?? false,
            lost: lost[id] ?? [])
    }

    private static func losses(
        _ database: Database, where condition: String, arguments: StatementArguments
    ) throws -> [JobID: [LostWorker]] {
        let rows = try Row.fetchAll(
            database, sql: "SELECT job, attempt, worker, cause, at FROM loss WHERE \(condition) ORDER BY job, attempt",
            arguments: arguments)
        var lost: [JobID: [LostWorker]] = [:]
        for row in rows {
            lost[JobID(rawValue: row[0]), default: []].append(
                LostWorker(attempt: row[1], worker: row[2], cause: row[3], at: row[4]))
        }
        return lost
    }
}
