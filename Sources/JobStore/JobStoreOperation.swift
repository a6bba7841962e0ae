import Foundation

/// One operation of a batch. A batch is one transaction: when the store replies, all of it is on disk, or none.
public enum JobStoreOperation: Sendable {
    /// Inserts a job. The reply is `inserted`, or `exists` if the tenant has a job with this idempotency key.
    case insert(NewJob)
    /// Leases the job to a worker, which evaluates it at once (`begins`) or holds it first. Refused if an attempt with
    /// this or a higher number was leased, or the job has an outcome. `prepared` is the identity of the prepared set from
    /// which this attempt and later ones start; nil if the job needs none.
    case lease(JobID, attempt: Int64, worker: String, at: Milliseconds, begins: Bool, prepared: Data? = nil)
    /// Records that the worker began a job that it held. Refused unless the attempt holds the lease and there is no
    /// outcome.
    case begin(JobID, attempt: Int64, at: Milliseconds)
    /// Commits the outcome of an attempt. The reply is `repeated` if this attempt had committed its outcome before.
    /// Refused unless the attempt holds the lease and there is no outcome.
    case finish(JobID, attempt: Int64, NewOutcome)
    /// Takes the lease back without blame, because the worker returned the job or never started it. Refused unless the
    /// attempt holds the lease and there is no outcome.
    case requeue(JobID, attempt: Int64)
    /// Takes the lease back because its worker was lost while it ran the job, and records the cause. Refused as
    /// `requeue` is.
    case lose(JobID, attempt: Int64, worker: String, cause: String, at: Milliseconds)
    /// Commits an outcome that the coordinator decided, such as cancelled, quarantined or unavailable. A lease that is
    /// still held becomes void. Refused if there is an outcome.
    case conclude(JobID, NewOutcome)
    /// Changes nothing. The reply is the job's standing at this point of the batch.
    case probe(JobKey)
}
