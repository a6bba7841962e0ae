import Foundation
import GRDB

/// A file of the store and the bytes that rows name in it.
struct StoredFile: Hashable {
    /// Which rows name it.
    enum Kind { case trace, objects }

    let kind: Kind
    /// The path below the store's directory.
    let path: String
    /// The end of the last part that a row names.
    let bytes: Int64
    let job: JobID
    let attempt: Int64

    /// The files that the rows name.
    static func all(in database: Database) throws -> [StoredFile] {
        try traces(in: database) + objects(in: database)
    }

    private static func traces(in database: Database) throws -> [StoredFile] {
        let files = TraceFiles(directory: "traces")
        return try Row.fetchAll(
            database, sql: "SELECT job, attempt, max(start + length) FROM traceSegment GROUP BY job, attempt"
        ).map { row in
            let job = JobID(rawValue: row[0])
            return StoredFile(
                kind: .trace, path: files.path(job: job, attempt: row[1]), bytes: row[2], job: job, attempt: row[1])
        }
    }

    private static func objects(in database: Database) throws -> [StoredFile] {
        let files = ObjectFiles(directory: "objects")
        return try Row.fetchAll(
            database,
            sql: """
                SELECT run, job, attempt, max(end) FROM (
                    SELECT run, job, attempt, start + length AS end FROM object
                    UNION ALL SELECT run, part.job, attempt, start + length FROM closurePart part
                    JOIN jobRun ON jobRun.job = part.job)
                GROUP BY run, job, attempt
                """
        ).map { row in
            let job = JobID(rawValue: row[1])
            return StoredFile(
                kind: .objects, path: files.path(run: row[0], job: job, attempt: row[2]), bytes: row[3], job: job,
                attempt: row[2])
        }
    }

    /// Whether the file has all bytes that rows name.
    func isWhole(below directory: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(directory)/\(path)")
        return attributes?[.size] as? Int64 ?? -1 >= bytes
    }
}

extension JobStore {
    /// Checks a store. A coordinator may use it meanwhile; nothing is changed.
    ///
    /// - Parameter directory: the store's directory.
    /// - Returns: what was found. A store with faults must not be used.
    /// - Throws: `JobStoreError` if there is no store, or it is of a newer version.
    public static func check(directory: String) throws(JobStoreError) -> StoreReport {
        do {
            let database = try openForReading(directory)
            defer { try? database.close() }
            var (report, files) = try database.read { database in
                var check = StoreCheck(database: database)
                try check.run(.full)
                return (check.report, check.report.faults.isEmpty ? try StoredFile.all(in: database) : [])
            }
            // Retention may have removed a file since; then no row names it any more.
            let missing = Set(files.filter { !$0.isWhole(below: directory) })
            let named = missing.isEmpty ? [] : Set(try database.read { try StoredFile.all(in: $0) }.map(\.path))
            for file in files where missing.contains(file) && named.contains(file.path) {
                note(file, in: &report)
            }
            report.traceFiles = files.count { $0.kind == .trace }
            report.objectFiles = files.count { $0.kind == .objects }
            return report
        } catch let error as DatabaseError where error.isDamage {
            var report = StoreReport()
            report.faults = ["jobs.sqlite: \(error.message ?? "\(error)")"]
            return report
        } catch {
            throw JobStoreError(error)
        }
    }

    private static func note(_ file: StoredFile, in report: inout StoreReport) {
        switch file.kind {
        // Traces are not flushed: a crash may cut off their ends, and they are then reported as partial.
        case .trace: report.notes.append("\(file.path) lacks its end: the trace is partial")
        case .objects:
            guard report.faults.count < StoreReport.mostFaults else { return }
            report.faults.append("\(file.path) has fewer than \(file.bytes) bytes: objects of job \(file.job) are lost")
        }
    }

    /// Opens the database of a store without its lock.
    static func openForReading(_ directory: String) throws -> DatabaseQueue {
        let file = directory + "/jobs.sqlite"
        guard FileManager.default.fileExists(atPath: file) else {
            throw JobStoreError.unusable(path: file, reason: "there is no such file: is this the directory of a store?")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(30)
        let database = try DatabaseQueue(path: file, configuration: configuration)
        guard try !database.read(JobStoreSchema.migrator.hasBeenSuperseded) else {
            throw JobStoreError.newerSchema(path: directory)
        }
        guard try database.read(JobStoreSchema.migrator.hasCompletedMigrations) else {
            throw JobStoreError.unusable(
                path: file, reason: "it is of an older version: start a coordinator with it once")
        }
        return database
    }
}

extension DatabaseError {
    /// Whether the file, and not the request or the disk, is at fault.
    var isDamage: Bool { resultCode == .SQLITE_CORRUPT || resultCode == .SQLITE_NOTADB }
}
