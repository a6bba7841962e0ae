import Foundation

/// A job without an outcome, as a starting coordinator finds it.
public struct OpenJob: Sendable {
    public let id: JobID
    /// The number by which its tenant knows the job.
    public let number: Int64
    public let job: NewJob
    /// The highest attempt that was leased; 0 if none was.
    public let attempt: Int64
    /// The worker that holds the lease of `attempt`; nil if the job is queued.
    public let holder: String?
    /// Whether the holder is known to have begun the job.
    public let hasBegun: Bool
    public let lost: [LostWorker]
    /// The identity of the prepared set that the last attempt started from; nil if there was none.
    public let prepared: Data?

    public init(
        id: JobID, number: Int64, job: NewJob, attempt: Int64, holder: String?, hasBegun: Bool, lost: [LostWorker],
        prepared: Data? = nil
    ) {
        self.id = id
        self.number = number
        self.job = job
        self.attempt = attempt
        self.holder = holder
        self.hasBegun = hasBegun
        self.lost = lost
        self.prepared = prepared
    }
}
