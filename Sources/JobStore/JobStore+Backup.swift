import CPlatform
import Foundation
import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a backup has.
public struct BackupReport: Sendable, Equatable {
    public var jobs: Int64 = 0
    public var files = 0
    public var bytes: Int64 = 0
}

/// Copies of a store that is in use.
///
/// A backup is a store: a directory with the same files, which a coordinator can be started with. The database is copied
/// as one snapshot by SQLite's online backup, which stops no writer. The files are copied afterwards; they are only
/// appended to, so they have at least what the rows of the snapshot name.
///
/// The original goes on after the snapshot, and gives ids, numbers and attempts that the backup knows nothing of. A
/// coordinator that started from the backup would give the same ones to other jobs, and a worker's result of the
/// original's job could be published as that of another. The backup therefore continues far above.
extension JobStore {
    /// How far a backup goes ahead of its original: the jobs of eleven days, at 10,000 a second.
    static let backupNumbers: Int64 = 10_000_000_000
    static let backupAttempts: Int64 = 1_000_000

    /// Makes a backup. A coordinator may use the store meanwhile.
    ///
    /// - Parameters:
    ///   - directory: the store's directory.
    ///   - destination: the backup's directory, which must not exist. It has this name only when it is complete and on
    ///     disk.
    /// - Throws: `JobStoreError` if the store is damaged, or the destination exists or cannot be written.
    public static func backUp(_ directory: String, to destination: String) throws(JobStoreError) -> BackupReport {
        guard !FileManager.default.fileExists(atPath: destination) else {
            throw .unusable(path: destination, reason: "it exists already: give a directory that does not")
        }
        let partial = destination + ".partial"
        do {
            try? FileManager.default.removeItem(atPath: partial)
            for folder in [partial, partial + "/traces", partial + "/objects"] {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            let report = try copy(directory, to: partial)
            try flush(partial)
            try FileManager.default.moveItem(atPath: partial, toPath: destination)
            try flush((URL(filePath: destination).path as NSString).deletingLastPathComponent)
            return report
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw JobStoreError(error)
        }
    }

    /// Has everything that was written to the file system of the directory on disk.
    private static func flush(_ directory: String) throws(JobStoreError) {
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unusable(path: directory, reason: String(errno: errno)) }
        defer { Glibc.close(descriptor) }
        guard firn_syncfs(descriptor) == 0 else { throw .unusable(path: directory, reason: String(errno: errno)) }
    }

    private static func copy(_ directory: String, to partial: String) throws -> BackupReport {
        let source = try openForReading(directory)
        defer { try? source.close() }
        let backup = try DatabaseQueue(path: partial + "/jobs.sqlite")
        try source.backup(to: backup)
        var report = BackupReport()
        let files = try backup.read { try StoredFile.all(in: $0) }
        var lost: [StoredFile] = []
        for file in files {
            if let bytes = try copy(file, from: directory, to: partial) {
                report.files += 1
                report.bytes += bytes
            } else {
                lost.append(file)
            }
        }
        try backup.write { database in
            for file in lost { try forget(file, in: database) }
            try goAhead(database)
        }
        try backup.read { database in
            var check = StoreCheck(database: database)
            try check.run(.full)
            guard check.report.faults.isEmpty else {
                throw JobStoreError.damaged(path: directory, faults: check.report.faults)
            }
            report.jobs = check.report.jobs
        }
        // Without the log of changes the file is whole by itself.
        try backup.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try backup.close()
        return report
    }

    /// Copies what rows name of a file.
    ///
    /// - Returns: the number of bytes; nil if the file has not all of them, because retention has removed it since, or
    ///   a crash has cut off a trace.
    private static func copy(_ file: StoredFile, from directory: String, to partial: String) throws -> Int64? {
        guard let source = FileHandle(forReadingAtPath: "\(directory)/\(file.path)") else { return nil }
        defer { try? source.close() }
        let path = "\(partial)/\(file.path)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let target = FileHandle(forWritingAtPath: path)
        else { throw JobStoreError.unusable(path: path, reason: "it cannot be made") }
        defer { try? target.close() }
        var rest = file.bytes
        while rest > 0 {
            guard let bytes = try source.read(upToCount: Int(min(rest, 1 << 20))), !bytes.isEmpty else {
                try? FileManager.default.removeItem(atPath: path)
                return nil
            }
            try target.write(contentsOf: bytes)
            rest -= Int64(bytes.count)
        }
        return file.bytes
    }

    /// Removes the rows of a file that is not there any more, as retention does.
    private static func forget(_ file: StoredFile, in database: Database) throws {
        let arguments: StatementArguments = [file.job.rawValue, file.attempt]
        var totals = try StoreTotals.read(database)
        switch file.kind {
        case .trace:
            totals.traceBytes -=
                try Int64.fetchOne(
                    database, sql: "SELECT sum(length) FROM traceSegment WHERE job = ? AND attempt = ?",
                    arguments: arguments) ?? 0
            try database.execute(
                sql: "DELETE FROM traceSegment WHERE job = ? AND attempt = ?", arguments: arguments)
        case .objects:
            let run =
                try Int64.fetchOne(
                    database, sql: "SELECT run FROM object WHERE job = ? AND attempt = ?", arguments: arguments)
                ?? Int64.fetchOne(database, sql: "SELECT run FROM jobRun WHERE job = ?", arguments: [file.job.rawValue])
            guard let run else { return }
            totals.objectBytes -=
                try Int64.fetchOne(
                    database, sql: "SELECT bytes FROM closureRun WHERE id = ?", arguments: [run]) ?? 0
            for sql in [
                "DELETE FROM closurePart WHERE job IN (SELECT job FROM jobRun WHERE run = ?)",
                "DELETE FROM jobRun WHERE run = ?", "DELETE FROM object WHERE run = ?",
                "DELETE FROM closureRun WHERE id = ?",
            ] {
                try database.execute(sql: sql, arguments: [run])
            }
        }
        try totals.write(database)
    }

    /// Continues above everything that the original may give. Attempts of open jobs are voided with their leases, and
    /// the jobs are queued again.
    private static func goAhead(_ database: Database) throws {
        try database.execute(
            sql: """
                UPDATE totals SET nextJob = nextJob + \(backupNumbers);
                UPDATE tenant SET nextNumber = nextNumber + \(backupNumbers);
                UPDATE lease SET attempt = attempt + \(backupAttempts), held = 0
                WHERE job NOT IN (SELECT job FROM outcome);
                """)
    }
}
