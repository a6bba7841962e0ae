import GRDB

/// The next job id and the sums for the retention bounds, kept in one row so that no start has to scan the tables.
struct StoreTotals: Equatable {
    var nextJob: Int64
    var finished: Int64
    var resultBytes: Int64
    var traceBytes: Int64
    /// Bytes of complete store objects, and of the lists of them.
    var objectBytes: Int64

    static func read(_ database: Database) throws -> StoreTotals {
        let statement = try database.cachedStatement(
            sql: "SELECT nextJob, finished, resultBytes, traceBytes, objectBytes FROM totals WHERE one = 1")
        guard let row = try Row.fetchOne(statement) else {
            throw JobStoreError.database(reason: "the row of totals is missing: the file is damaged")
        }
        return StoreTotals(
            nextJob: row[0], finished: row[1], resultBytes: row[2], traceBytes: row[3], objectBytes: row[4])
    }

    func write(_ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE totals SET nextJob = ?, finished = ?, resultBytes = ?, traceBytes = ?, objectBytes = ?
                WHERE one = 1
                """)
        try statement.execute(arguments: [nextJob, finished, resultBytes, traceBytes, objectBytes])
    }
}
