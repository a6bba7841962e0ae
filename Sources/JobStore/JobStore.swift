import Foundation
import GRDB

/// Durable jobs, leases, outcomes and the index of traces, in a directory of their own:
///
///     jobs.sqlite       SQLite in WAL mode with synchronous=FULL
///     traces/           one file per traced attempt, with its segments in the order of their arrival
///     objects/          one directory per run, with a file per attempt that uploaded store objects
///     lock              held while a coordinator uses the directory
///
/// Writing is done in batches: `apply` runs one transaction on the store's own queue and answers when it is on disk.
/// One flush to disk thus serves hundreds of jobs, and a slow disk delays only those who wait for it. Reading uses
/// other connections and waits for no writer. The store reads no clock: times come with the operations.
public final class JobStore: Sendable {
    let pool: DatabasePool
    let traces: TraceFiles
    let traceQueue = DispatchQueue(label: "firn.traces", qos: .utility)
    let objects: ObjectFiles
    let objectQueue = DispatchQueue(label: "firn.objects", qos: .utility)
    public let directory: String
    private let lock: StoreLock

    /// Opens the store, creates it if it does not exist, and migrates an older one. Before that, and before anything is
    /// written, pages and rows of an existing one are checked.
    ///
    /// - Parameter directory: a local directory. It is created with mode 0700 if it does not exist.
    /// - Throws: `JobStoreError` if the directory is locked, unusable or damaged, or was written by a newer version.
    public init(directory: String) throws(JobStoreError) {
        self.directory = directory
        for folder in [directory, directory + "/traces", directory + "/objects"] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw .unusable(path: folder, reason: JobStoreError.reason(error))
            }
        }
        lock = try StoreLock(directory: directory)
        traces = TraceFiles(directory: directory + "/traces")
        objects = ObjectFiles(directory: directory + "/objects")
        pool = try Self.openPool(directory: directory)
    }

    /// Ends all use of the directory, after the batches that were given before. Every later call fails.
    public func close() throws(JobStoreError) {
        traceQueue.sync {}
        objectQueue.sync {}
        do {
            try pool.close()
        } catch {
            throw JobStoreError(error)
        }
        lock.release()
    }

    private static func openPool(directory: String) throws(JobStoreError) -> DatabasePool {
        let file = directory + "/jobs.sqlite"
        do {
            var configuration = Configuration()
            configuration.label = "firn.jobs"
            configuration.qos = .userInitiated
            configuration.maximumReaderCount = 4
            if FileManager.default.fileExists(atPath: file) { try checkBeforeUse(directory) }
            let pool = try DatabasePool(path: file, configuration: configuration)
            guard try !pool.read(JobStoreSchema.migrator.hasBeenSuperseded) else {
                throw JobStoreError.newerSchema(path: directory)
            }
            try JobStoreSchema.migrator.migrate(pool)
            // The pragma follows the opening because a pool opens with NORMAL, which may lose commits at a power
            // failure.
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000")
            }
            return pool
        } catch let error as DatabaseError where error.isDamage {
            throw JobStoreError.damaged(path: directory, faults: ["jobs.sqlite: \(error.message ?? "\(error)")"])
        } catch let error as DatabaseError {
            throw JobStoreError.unusable(path: file, reason: error.message ?? "\(error)")
        } catch {
            throw JobStoreError(error)
        }
    }

    /// Refuses a damaged store. A connection that only reads is used, because opening a store for writing may already move
    /// what is in its log into its pages.
    private static func checkBeforeUse(_ directory: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        let database = try DatabaseQueue(path: directory + "/jobs.sqlite", configuration: configuration)
        defer { try? database.close() }
        let faults = try database.read { database -> [String] in
            // The rows of an older version are checked at its second start; those of a newer one are not known.
            guard try JobStoreSchema.migrator.hasCompletedMigrations(database),
                try !JobStoreSchema.migrator.hasBeenSuperseded(database)
            else { return [] }
            var check = StoreCheck(database: database)
            try check.run(.start)
            return check.report.faults
        }
        guard faults.isEmpty else { throw JobStoreError.damaged(path: directory, faults: faults) }
    }

    /// Runs the operations in order as one transaction. `done` is called on the store's queue: with one reply per
    /// operation when the whole batch is on disk, or with the error when none of it is. Batches are applied in the
    /// order of the calls.
    public func apply(
        _ operations: [JobStoreOperation],
        done: @escaping @Sendable (Result<[JobStoreReply], JobStoreError>) -> Void
    ) {
        pool.asyncWriteWithoutTransaction { database in
            done(Self.run(operations, in: database))
        }
    }

    /// The same, for a caller that can block.
    public func apply(_ operations: [JobStoreOperation]) throws(JobStoreError) -> [JobStoreReply] {
        try pool.writeWithoutTransaction { database in Self.run(operations, in: database) }.get()
    }

    private static func run(
        _ operations: [JobStoreOperation], in database: Database
    ) -> Result<[JobStoreReply], JobStoreError> {
        do {
            var replies: [JobStoreReply] = []
            try database.inTransaction(.immediate) {
                replies = try JobStoreBatch.apply(operations, to: database)
                return .commit
            }
            return .success(replies)
        } catch {
            return .failure(JobStoreError(error))
        }
    }
}

extension JobStoreError {
    init(_ error: any Error) {
        self = error as? JobStoreError ?? .database(reason: Self.reason(error))
    }

    /// The system's message if Foundation's error contains one, and otherwise the error itself.
    static func reason(_ error: any Error) -> String {
        guard !(error is DatabaseError) else { return "\(error)" }
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
        guard let posix = cause as? POSIXError else { return "\(error)" }
        return String(errno: posix.code.rawValue)
    }
}
