import Foundation
import GRDB

/// The reading of a finished job's store objects.
extension JobStore {
    /// The numbers of the lists of objects that an attempt of a job made, ascending; nil if the job gives no objects, or
    /// they are not kept any more.
    ///
    /// - Parameter attempt: nil for the finishing attempt. The result is then nil if the job is not finished.
    public func closureParts(of job: JobID, attempt: Int64? = nil) throws(JobStoreError) -> [Int64]? {
        try reading { database in
            guard
                try Int64.fetchOne(database, sql: "SELECT run FROM jobRun WHERE job = ?", arguments: [job.rawValue])
                    != nil,
                let attempt = try attempt ?? Self.attempt(of: job, in: database)
            else { return nil }
            return try Int64.fetchAll(
                database, sql: "SELECT number FROM closurePart WHERE job = ? AND attempt = ? ORDER BY number",
                arguments: [job.rawValue, attempt])
        }
    }

    private static func attempt(of job: JobID, in database: Database) throws -> Int64? {
        try Int64.fetchOne(database, sql: "SELECT attempt FROM outcome WHERE job = ?", arguments: [job.rawValue])
    }

    /// One list of an attempt; nil if it is not kept.
    public func closurePart(_ number: Int64, of job: JobID, attempt: Int64? = nil) throws(JobStoreError) -> Data? {
        let row = try reading { database -> Row? in
            guard let attempt = try attempt ?? Self.attempt(of: job, in: database) else { return nil }
            return try Row.fetchOne(
                database,
                sql: """
                    SELECT jobRun.run, part.attempt, part.start, part.length FROM closurePart part
                    JOIN jobRun ON jobRun.job = part.job WHERE part.job = ? AND part.attempt = ? AND part.number = ?
                    """, arguments: [job.rawValue, attempt, number])
        }
        guard let row else { return nil }
        return objects.read(run: row[0], job: job, attempt: row[1], start: row[2], count: Int(row[3] as Int64))
    }

    /// A part of a complete object of the job's run, and the length of the whole; nil if it is not kept.
    public func object(
        _ name: Data, of job: JobID, from offset: Int64, count: Int
    ) throws(JobStoreError) -> (part: Data, length: Int64)? {
        let row = try reading { database in
            try Row.fetchOne(
                try database.cachedStatement(
                    sql: """
                        SELECT object.run, object.job, attempt, start, length FROM object
                        JOIN jobRun ON jobRun.run = object.run WHERE jobRun.job = ? AND name = ?
                        """), arguments: [job.rawValue, name])
        }
        guard let row else { return nil }
        let length: Int64 = row[4]
        let start = min(max(offset, 0), length)
        let wanted = Int(min(Int64(max(count, 0)), length - start))
        let part = objects.read(
            run: row[0], job: JobID(rawValue: row[1]), attempt: row[2], start: (row[3] as Int64) + start, count: wanted)
        return part.map { ($0, length) }
    }
}
