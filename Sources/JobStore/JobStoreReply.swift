/// The reply to one operation, in the order of the batch.
public enum JobStoreReply: Sendable, Equatable {
    /// The job was inserted; `number` is the one by which its tenant knows it.
    case inserted(JobID, number: Int64)
    /// The same, and the job has the stored outcome of an equal one.
    case insertedFinished(JobID, number: Int64)
    /// The idempotency key was used before. `finished`: that job has an outcome. `sameBody`: it has the same bytes.
    case exists(JobID, number: Int64, finished: Bool, sameBody: Bool)
    case applied
    /// `finish` only: this attempt had committed its outcome before. Nothing was changed.
    case repeated
    /// The condition of the operation did not hold. Nothing was changed.
    case refused
    /// `probe` only.
    case standing(JobStanding)
}

/// Whether the store has a job, and the code of its outcome.
public enum JobStanding: Sendable, Equatable {
    case unknown, open
    case finished(code: Int32)
}
