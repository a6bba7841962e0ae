import Foundation
import GRDB

/// Applies the operations of one transaction. Statements are prepared once per connection and reused.
struct JobStoreBatch {
    let database: Database
    private var totals: StoreTotals
    private var tenants: [String: Tenant] = [:]

    private struct Tenant {
        let row: Int64
        /// The number of the tenant's next job.
        var nextNumber: Int64
        var isChanged = false
    }

    static func apply(_ operations: [JobStoreOperation], to database: Database) throws -> [JobStoreReply] {
        var batch = JobStoreBatch(database: database, totals: try StoreTotals.read(database))
        let before = batch.totals
        var replies: [JobStoreReply] = []
        replies.reserveCapacity(operations.count)
        for operation in operations {
            replies.append(try batch.apply(operation))
        }
        if batch.totals != before {
            try batch.totals.write(database)
        }
        try batch.writeNumbers()
        return replies
    }

    private mutating func apply(_ operation: JobStoreOperation) throws -> JobStoreReply {
        switch operation {
        case .insert(let job):
            try insert(job)
        case .lease(let id, let attempt, let worker, let time, let begins, let prepared):
            try change(Self.leaseSQL, [id.rawValue, attempt, time, worker, begins ? time : 0, prepared])
        case .begin(let id, let attempt, let time):
            try change(Self.beginSQL, [id.rawValue, attempt, time])
        case .finish(let id, let attempt, let outcome):
            try finish(id, attempt: attempt, outcome)
        case .requeue(let id, let attempt):
            try change(Self.requeueSQL, [id.rawValue, attempt])
        case .lose(let id, let attempt, let worker, let cause, let time):
            try lose(id, attempt: attempt, worker: worker, cause: cause, at: time)
        case .conclude(let id, let outcome):
            try conclude(Self.concludeSQL, id, attempt: 0, outcome)
        case .probe(let key):
            .standing(try probe(key))
        }
    }

    private mutating func insert(_ job: NewJob) throws -> JobStoreReply {
        let tenant = try tenant(job.tenant)
        let id = totals.nextJob
        let reply = try change(
            Self.insertSQL,
            [
                id, tenant.row, tenant.nextNumber, job.priority, job.submitted, job.notBefore, job.deadline,
                job.idempotencyKey, job.label, job.body, job.key,
            ])
        if reply == .applied {
            totals.nextJob += 1
            tenants[job.tenant]?.nextNumber += 1
            tenants[job.tenant]?.isChanged = true
            if let run = job.closure { try join(run, job: id, tenant: tenant.row) }
            if let cache = job.cache, try takeOutcome(cache, for: id, tenant: tenant.row) {
                return .insertedFinished(JobID(rawValue: id), number: tenant.nextNumber)
            }
            return .inserted(JobID(rawValue: id), number: tenant.nextNumber)
        }
        let row = try Row.fetchOne(
            try database.cachedStatement(sql: Self.existingSQL), arguments: [tenant.row, job.idempotencyKey, job.body])
        guard let row else { throw JobStoreError.database(reason: "job \(id) could not be inserted") }
        return .exists(JobID(rawValue: row[0]), number: row[1], finished: row[2], sameBody: row[3])
    }

    /// Records to which run a new job belongs. A run begins with its first job.
    private func join(_ run: ClosureRun, job: Int64, tenant: Int64) throws {
        var key: Data?
        if case .shared(let shared) = run { key = shared }
        let select = try database.cachedStatement(sql: "SELECT id FROM closureRun WHERE tenant = ? AND key = ?")
        var id = try key.flatMap { try Int64.fetchOne(select, arguments: [tenant, $0]) }
        if id == nil {
            _ = try change("INSERT INTO closureRun (tenant, key) VALUES (?, ?)", [tenant, key])
            id = database.lastInsertedRowID
        }
        _ = try change("INSERT INTO jobRun (job, run) VALUES (?, ?)", [job, id])
    }

    private func probe(_ key: JobKey) throws -> JobStanding {
        let row = try Row.fetchOne(
            try database.cachedStatement(sql: "\(Self.probeSQL) WHERE \(key.condition)"), arguments: key.arguments)
        guard let row else { return .unknown }
        let code: Int32? = row[0]
        return code.map { .finished(code: $0) } ?? .open
    }

    private mutating func finish(_ id: JobID, attempt: Int64, _ outcome: NewOutcome) throws -> JobStoreReply {
        let reply = try conclude(Self.finishSQL, id, attempt: attempt, outcome)
        guard reply == .refused else { return reply }
        let statement = try database.cachedStatement(sql: "SELECT attempt FROM outcome WHERE job = ?")
        return try Int64.fetchOne(statement, arguments: [id.rawValue]) == attempt ? .repeated : .refused
    }

    mutating func conclude(
        _ sql: String, _ id: JobID, attempt: Int64, _ outcome: NewOutcome
    ) throws -> JobStoreReply {
        let size = Int64(outcome.body.count + (outcome.value?.count ?? 0))
        let reply = try change(
            sql,
            [
                id.rawValue, attempt, outcome.code, outcome.finished, outcome.fuel, size, outcome.traceSegments,
                outcome.traceDropped, outcome.body,
            ])
        guard reply == .applied else { return reply }
        totals.finished += 1
        totals.resultBytes += size
        if let value = outcome.value {
            _ = try change("INSERT INTO value (job, bytes) VALUES (?, ?)", [id.rawValue, value])
        }
        if let key = outcome.cacheKey { _ = try change(Self.cacheSQL, [id.rawValue, key]) }
        return reply
    }

    private func lose(
        _ id: JobID, attempt: Int64, worker: String, cause: String, at time: Milliseconds
    ) throws -> JobStoreReply {
        guard try change(Self.requeueSQL, [id.rawValue, attempt]) == .applied else { return .refused }
        return try change(Self.lossSQL, [id.rawValue, attempt, time, worker, cause])
    }

    func change(_ sql: String, _ arguments: StatementArguments) throws -> JobStoreReply {
        let statement = try database.cachedStatement(sql: sql)
        statement.setUncheckedArguments(arguments)
        try statement.execute()
        return database.changesCount > 0 ? .applied : .refused
    }

    private mutating func tenant(_ name: String) throws -> Tenant {
        if let known = tenants[name] { return known }
        _ = try change("INSERT OR IGNORE INTO tenant (name) VALUES (?)", [name])
        let select = try database.cachedStatement(sql: "SELECT number, nextNumber FROM tenant WHERE name = ?")
        guard let row = try Row.fetchOne(select, arguments: [name]) else {
            throw JobStoreError.database(reason: "tenant '\(name)' could not be inserted")
        }
        let tenant = Tenant(row: row[0], nextNumber: row[1])
        tenants[name] = tenant
        return tenant
    }

    private func writeNumbers() throws {
        for tenant in tenants.values where tenant.isChanged {
            _ = try change("UPDATE tenant SET nextNumber = ? WHERE number = ?", [tenant.nextNumber, tenant.row])
        }
    }
}

extension JobStoreBatch {
    /// `OR IGNORE` concerns the idempotency key. An `id` or `number` cannot clash, since both only increase.
    private static let insertSQL = """
        INSERT OR IGNORE INTO job
        (id, tenant, number, priority, submitted, notBefore, deadline, idempotencyKey, label, body, key)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    private static let existingSQL = """
        SELECT id, number, EXISTS (SELECT 1 FROM outcome WHERE outcome.job = job.id), body = ?3 FROM job
        WHERE tenant = ?1 AND idempotencyKey = ?2
        """
    private static let probeSQL = """
        SELECT (SELECT code FROM outcome WHERE outcome.job = job.id) FROM job
        """
    private static let leaseSQL = """
        INSERT INTO lease (job, attempt, held, leased, worker, begun, prepared)
        SELECT ?1, ?2, 1, ?3, ?4, ?5, ?6
        WHERE NOT EXISTS (SELECT 1 FROM outcome WHERE job = ?1) AND EXISTS (SELECT 1 FROM job WHERE id = ?1)
        ON CONFLICT (job) DO UPDATE SET attempt = excluded.attempt, held = 1, leased = excluded.leased,
        worker = excluded.worker, begun = excluded.begun, prepared = excluded.prepared WHERE excluded.attempt > lease.attempt
        """
    private static let beginSQL = """
        UPDATE lease SET begun = ?3 WHERE job = ?1 AND attempt = ?2 AND held = 1
        AND NOT EXISTS (SELECT 1 FROM outcome WHERE job = ?1)
        """
    private static let requeueSQL = """
        UPDATE lease SET held = 0 WHERE job = ?1 AND attempt = ?2 AND held = 1
        AND NOT EXISTS (SELECT 1 FROM outcome WHERE job = ?1)
        """
    private static let lossSQL = "INSERT OR IGNORE INTO loss (job, attempt, at, worker, cause) VALUES (?, ?, ?, ?, ?)"
    private static let finishSQL = """
        INSERT OR IGNORE INTO outcome (job, attempt, code, finished, fuel, size, traceSegments, traceDropped, body)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
        WHERE EXISTS (SELECT 1 FROM lease WHERE job = ?1 AND attempt = ?2 AND held = 1)
        """
    private static let cacheSQL = """
        INSERT OR REPLACE INTO cachedOutcome (tenant, key, job) SELECT tenant, ?2, id FROM job WHERE id = ?1
        """
    static let concludeSQL = """
        INSERT OR IGNORE INTO outcome (job, attempt, code, finished, fuel, size, traceSegments, traceDropped, body)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM job WHERE id = ?1)
        """
}
