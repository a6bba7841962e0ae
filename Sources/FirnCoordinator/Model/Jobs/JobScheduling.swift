import FirnProtocol
import Foundation

/// What a job says of other jobs of its tenant. Most jobs say nothing, so that an open job has one word for it.
final class JobScheduling: Sendable {
    /// How many jobs with the fairness key may be leased at once; 0 for no bound.
    let keyRunning: Int
    /// The older jobs that this one takes the place of; nil for none.
    let supersedes: WireSupersession?
    /// The numbers of the jobs that must have ended before this one is queued, without repetitions.
    let after: [Int64]
    /// Whether the job runs although one of `after` was not ok.
    let runsAfterFailure: Bool
    /// The key by which equal jobs share an outcome; nil if this one does not.
    let cacheKey: Data?

    /// - Returns: nil if the specification says nothing of other jobs.
    init?(_ specification: WireJobSpecification, limits: WireLimits) {
        guard
            specification.keyRunning > 0 || specification.hasSupersedes || !specification.after.isEmpty
                || specification.cached
        else { return nil }
        keyRunning = Int(specification.keyRunning)
        supersedes = specification.hasSupersedes ? specification.supersedes : nil
        after = Set(specification.after).map { Int64(clamping: $0) }.sorted()
        runsAfterFailure = specification.afterFailure == .run
        cacheKey = specification.cached ? specification.outcomeKey(limits: limits) : nil
    }
}
