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

    /// All jobs without an outcome, oldest first, from which a coordinator starts.
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

    /// The job with its outcome and losses; nil if it does not exist or was removed.
    public func job(_ key: JobKey) throws(JobStoreError) -> JobRecord? {
        try reading { database in
            let row = try Row.fetchOne(
                database, sql: "\(Self.summarySelect), outcome.body \(Self.summaryFrom) WHERE \(key.condition)",
                arguments: key.arguments)
            guard let row else { return nil }
            let summary = Self.summary(row)
            let lost = try Self.losses(database, where: "job = ?", arguments: [summary.id.rawValue])
            return JobRecord(summary: summary, outcome: row[15], lost: lost[summary.id] ?? [])
        }
    }

    /// The encoded outcomes of those of the jobs that have one.
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

    /// The jobs that the filter selects, newest first.
    public func jobs(_ filter: JobFilter) throws(JobStoreError) -> [JobSummary] {
        try reading { database in
            var conditions = ["1"]
            var arguments = StatementArguments()
            if let tenant = filter.tenant {
                conditions.append("job.tenant = (SELECT number FROM tenant WHERE name = ?)")
                arguments += [tenant]
            }
            switch filter.before {
            case .id(let id):
                conditions.append("job.id < ?")
                arguments += [id.rawValue]
            case .number(let number, let tenant):
                conditions.append("job.number < ? AND job.tenant = (SELECT number FROM tenant WHERE name = ?)")
                arguments += [number, tenant]
            case nil: break
            }
            conditions.append("(\(Self.condition(states: filter.states, now: filter.now)))")
            if let code = filter.code {
                conditions.append("outcome.code = ?")
                arguments += [code]
            }
            Self.add(filter, to: &conditions, &arguments)
            arguments += [filter.limit]
            // The numbers of a tenant's jobs have the order of the ids, and are indexed.
            let order = filter.tenant == nil ? "job.id" : "job.number"
            let rows = try Row.fetchAll(
                database,
                sql: """
                    \(Self.summarySelect) \(Self.summaryFrom) WHERE \(conditions.joined(separator: " AND "))
                    ORDER BY \(order) DESC LIMIT ?
                    """, arguments: arguments)
            return rows.map(Self.summary)
        }
    }

    /// The specification of a job, as it was inserted; nil if the store does not have the job.
    public func specification(of job: JobID) throws(JobStoreError) -> Data? {
        try reading { database in
            try Data.fetchOne(
                try database.cachedStatement(sql: "SELECT body FROM job WHERE id = ?"), arguments: [job.rawValue])
        }
    }

    /// Adds the conditions of a filter that concern the job itself, and not its state.
    private static func add(_ filter: JobFilter, to conditions: inout [String], _ arguments: inout StatementArguments) {
        if let code = filter.exceptCode {
            conditions.append("(outcome.code IS NULL OR outcome.code <> ?)")
            arguments += [code]
        }
        if !filter.labelPrefix.isEmpty {
            conditions.append("substr(job.label, 1, length(?)) = ?")
            arguments += [filter.labelPrefix, filter.labelPrefix]
        }
        if !filter.key.isEmpty {
            conditions.append("job.key = ?")
            arguments += [filter.key]
        }
        if filter.submittedFrom > 0 {
            conditions.append("job.submitted >= ?")
            arguments += [filter.submittedFrom]
        }
        if filter.submittedUntil > 0 {
            conditions.append("job.submitted < ?")
            arguments += [filter.submittedUntil]
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
        max(lease.leased, lease.begun), outcome.code, outcome.finished, outcome.fuel, job.label, job.notBefore,
        lease.begun > 0, job.number
        """
    private static let summaryFrom = """
        FROM job JOIN tenant ON tenant.number = job.tenant LEFT JOIN lease ON lease.job = job.id
        LEFT JOIN outcome ON outcome.job = job.id
        """
    private static let openSQL = """
        SELECT job.id, tenant.name, job.priority, job.submitted, job.notBefore, job.deadline, job.idempotencyKey,
        job.label, job.body, lease.attempt, lease.held, lease.worker, lease.begun > 0, job.number,
        lease.prepared
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
            id: JobID(rawValue: row[0]), tenant: row[1], number: row[14],
            state: code.map { .finished(code: $0) } ?? open, priority: row[2], label: row[11], submitted: row[3],
            notBefore: row[12], attempt: row[4] ?? 0, worker: row[6], started: row[7] ?? 0, finished: row[9] ?? 0,
            fuel: row[10] ?? 0)
    }

    private static func openJob(_ row: Row, lost: [JobID: [LostWorker]]) -> OpenJob {
        let id = JobID(rawValue: row[0])
        let job = NewJob(
            tenant: row[1], idempotencyKey: row[6], priority: row[2], submitted: row[3], notBefore: row[4],
            deadline: row[5], label: row[7], body: row[8])
        let held: Bool = row[10] ?? false
        return OpenJob(
            id: id, number: row[13], job: job, attempt: row[9] ?? 0, holder: held ? row[11] : nil,
            hasBegun: held && row[12] ?? false, lost: lost[id] ?? [], prepared: row[14])
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
