import Foundation
import GRDB

/// Outcomes of equal jobs.
extension JobStoreBatch {
    /// Gives a new job the outcome of the latest equal job of its tenant.
    ///
    /// - Returns: whether there was one.
    mutating func takeOutcome(_ cache: OutcomeCache, for id: Int64, tenant: Int64) throws -> Bool {
        let row = try Row.fetchOne(
            try database.cachedStatement(
                sql: """
                    SELECT outcome.job, code, body FROM cachedOutcome JOIN outcome ON outcome.job = cachedOutcome.job
                    WHERE tenant = ? AND key = ?
                    """), arguments: [tenant, cache.key])
        guard let row else { return false }
        let value = try Data.fetchOne(
            try database.cachedStatement(sql: "SELECT bytes FROM value WHERE job = ?"), arguments: [row[0] as Int64])
        var body: Data = row[2]
        // The outcome may itself have been taken.
        if !body.suffix(cache.mark.count).elementsEqual(cache.mark) { body += cache.mark }
        let outcome = NewOutcome(
            code: row[1], finished: cache.time, body: body, value: value, cacheKey: cache.key)
        return try conclude(Self.concludeSQL, JobID(rawValue: id), attempt: 0, outcome) == .applied
    }
}
