import Foundation
import GRDB

/// Inspects a coordinator's store from outside: what is committed, and how often each job's outcome was written.
struct OutcomeAudit {
    private let database: DatabaseQueue

    /// Adds a trigger to a store with existing tables, which records every write of an outcome.
    init(store: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        database = try DatabaseQueue(path: "\(store)/jobs.sqlite", configuration: configuration)
        try database.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS audit (job INTEGER NOT NULL, attempt INTEGER NOT NULL);
                    CREATE TRIGGER IF NOT EXISTS outcomeInserted AFTER INSERT ON outcome
                        BEGIN INSERT INTO audit VALUES (NEW.job, NEW.attempt); END;
                    CREATE TRIGGER IF NOT EXISTS outcomeUpdated AFTER UPDATE ON outcome
                        BEGIN INSERT INTO audit VALUES (NEW.job, NEW.attempt); END;
                    """)
        }
    }

    private func number(_ sql: String) throws -> Int {
        try database.read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }

    var jobs: Int { get throws { try number("SELECT count(*) FROM job") } }
    var outcomes: Int { get throws { try number("SELECT count(*) FROM outcome") } }
    /// Jobs whose outcome was written more than once.
    var repeated: Int {
        get throws { try number("SELECT count(*) FROM (SELECT job FROM audit GROUP BY job HAVING count(*) > 1)") }
    }
    /// Jobs whose outcome was written.
    var audited: Int { get throws { try number("SELECT count(DISTINCT job) FROM audit") } }
    /// Jobs under a lease.
    var leased: Int { get throws { try number("SELECT count(*) FROM lease WHERE held = 1") } }

    func job(key: String) throws -> UInt64? {
        try database.read { database in
            try Int64.fetchOne(
                database, sql: "SELECT id FROM job WHERE idempotencyKey = ?", arguments: [Data(key.utf8)])
        }.map { UInt64($0) }
    }
}
