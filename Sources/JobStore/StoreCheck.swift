import Foundation
import GRDB

/// What a check of a store found.
public struct StoreReport: Sendable, Equatable {
    /// Why the store cannot be trusted; empty if it can. At most `StoreReport.mostFaults` are named.
    public var faults: [String] = []
    /// What is missing or left over without harm, such as the end of a trace that a crash has cut off.
    public var notes: [String] = []
    public var jobs: Int64 = 0
    public var finished: Int64 = 0
    public var traceFiles = 0
    public var objectFiles = 0

    public static let mostFaults = 100
}

/// Finds out whether a store can be trusted: whether SQLite can read every page, whether the rows fit together as the
/// operations leave them, and whether the files have what the rows name.
///
/// Nothing is changed. What is read is one snapshot, so a coordinator may use the store meanwhile.
struct StoreCheck {
    /// How much is looked at.
    enum Depth {
        /// What a starting coordinator looks at: the structure of every page, and the rows.
        case start
        /// In addition the order of every index, and the files.
        case full
    }

    /// A rule about rows: the query counts those that break it, and names one of them.
    private struct Rule {
        let name: String
        let sql: String

        init(_ name: String, _ sql: String) {
            self.name = name
            self.sql = sql
        }
    }

    let database: Database
    var report = StoreReport()

    /// Checks pages and rows.
    mutating func run(_ depth: Depth) throws {
        try checkPages(depth)
        // Rows of damaged pages would give further messages about the same cause, or none.
        guard report.faults.isEmpty else { return }
        for rule in Self.rules { try check(rule) }
        guard report.faults.isEmpty else { return }
        report.jobs = try Int64.fetchOne(database, sql: "SELECT count(*) FROM job") ?? 0
        report.finished = try Int64.fetchOne(database, sql: "SELECT count(*) FROM outcome") ?? 0
    }

    private mutating func checkPages(_ depth: Depth) throws {
        let pragma = depth == .full ? "integrity_check" : "quick_check"
        let lines = try String.fetchAll(database, sql: "PRAGMA \(pragma)(\(StoreReport.mostFaults))")
        report.faults += lines.filter { $0 != "ok" }.map { "jobs.sqlite: \($0)" }
    }

    private mutating func check(_ rule: Rule) throws {
        guard let row = try Row.fetchOne(database, sql: rule.sql), let count: Int64 = row[0], count > 0 else { return }
        let example: Int64? = row[1]
        report.faults.append("\(rule.name): \(count)" + (example.map { ", such as job \($0)" } ?? ""))
    }

    /// What the operations of `JobStoreBatch`, uploads and retention keep true.
    private static let rules = [
        Rule("jobs of an unknown tenant", broken("job", "tenant NOT IN (SELECT number FROM tenant)", job: "id")),
        Rule(
            "jobs with an id that is still to be given", broken("job", "id >= (SELECT nextJob FROM totals)", job: "id")),
        Rule(
            "jobs with a number that is still to be given",
            broken("job", "number >= (SELECT nextNumber FROM tenant t WHERE t.number = job.tenant)", job: "id")),
        Rule("leases of unknown jobs", orphans("lease")),
        Rule("leases that are neither held nor free", broken("lease", "attempt < 1 OR held NOT IN (0, 1)")),
        Rule("outcomes of unknown jobs", orphans("outcome")),
        Rule(
            "outcomes of an attempt that does not hold the lease",
            broken(
                "outcome",
                """
                attempt <> 0 AND NOT EXISTS (SELECT 1 FROM lease WHERE lease.job = outcome.job
                AND lease.attempt = outcome.attempt AND held = 1)
                """)),
        Rule("lost workers of unknown jobs", orphans("loss")),
        Rule(
            "lost workers of attempts that were never leased",
            broken("loss", "attempt > coalesce((SELECT attempt FROM lease WHERE lease.job = loss.job), 0)")),
        Rule(
            "values without an outcome",
            broken("value", "NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.job = value.job)")),
        Rule(
            "outcomes of another size than noted",
            broken(
                "outcome",
                "size <> length(body) + coalesce((SELECT length(bytes) FROM value WHERE value.job = outcome.job), 0)")),
        Rule("jobs of an unknown run", broken("jobRun", "run NOT IN (SELECT id FROM closureRun)")),
        Rule("runs of unknown jobs", orphans("jobRun")),
        total("finished jobs", "finished", "(SELECT count(*) FROM outcome)"),
        total("bytes of results", "resultBytes", "(SELECT coalesce(sum(size), 0) FROM outcome)"),
        total("bytes of traces", "traceBytes", "(SELECT coalesce(sum(length), 0) FROM traceSegment)"),
        total("bytes of store objects", "objectBytes", "(SELECT coalesce(sum(bytes), 0) FROM closureRun)"),
    ]

    private static func broken(_ table: String, _ condition: String, job: String = "job") -> String {
        "SELECT count(*), min(\(job)) FROM \(table) WHERE \(condition)"
    }

    private static func orphans(_ table: String) -> String {
        broken(table, "NOT EXISTS (SELECT 1 FROM job WHERE job.id = \(table).job)")
    }

    private static func total(_ name: String, _ column: String, _ sum: String) -> Rule {
        Rule("a wrong sum of \(name)", "SELECT count(*) <> 1, NULL FROM totals WHERE one = 1 AND \(column) = \(sum)")
    }
}
