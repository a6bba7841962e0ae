import Foundation
import GRDB
import GRDBSQLite

extension JobStore {
    /// A part of a value that is stored beside its outcome, and the size of the whole value in bytes; nil if there is
    /// none.
    ///
    /// It is read through SQLite's incremental handle, because a query would load the whole value for each part.
    public func value(of job: JobID, from offset: Int64, count: Int) throws(JobStoreError) -> (part: Data, size: Int64)?
    {
        try reading { database in
            let length = try Int64.fetchOne(
                database, sql: "SELECT length(bytes) FROM value WHERE job = ?", arguments: [job.rawValue])
            guard let length else { return nil }
            let start = min(max(offset, 0), length)
            let wanted = min(Int64(max(count, 0)), length - start)
            guard wanted > 0 else { return (Data(), length) }
            return (try Self.bytes(of: job, start: start, count: wanted, in: database), length)
        }
    }

    private static func bytes(of job: JobID, start: Int64, count: Int64, in database: Database) throws -> Data {
        var handle: OpaquePointer?
        let code = unsafe sqlite3_blob_open(
            database.sqliteConnection, "main", "value", "bytes", job.rawValue, 0, &handle)
        defer { unsafe sqlite3_blob_close(handle) }
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        var bytes = Data(count: Int(count))
        // The arguments cannot exceed their type, because SQLite stores no value of 2 GiB or more.
        let read = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe sqlite3_blob_read(handle, buffer.baseAddress, Int32(clamping: count), Int32(clamping: start))
        }
        guard read == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: read)) }
        return bytes
    }
}
