import Foundation

/// A new job. The client's specification is an opaque `body`, which the store returns byte for byte.
public struct NewJob: Sendable {
    public var tenant: String
    /// At most one stored job of a tenant has this key. It is free again when the job is removed.
    public var idempotencyKey: Data?
    /// Jobs with a higher priority run first.
    public var priority: Int32
    public var submitted: Milliseconds
    /// The time before which the job must not start; 0 for none.
    public var notBefore: Milliseconds
    /// The time at which the job is given up if it still waits; 0 for none.
    public var deadline: Milliseconds
    /// A text for lists, without a meaning to the store.
    public var label: String
    public var body: Data

    public init(
        tenant: String, idempotencyKey: Data? = nil, priority: Int32 = 0, submitted: Milliseconds,
        notBefore: Milliseconds = 0, deadline: Milliseconds = 0, label: String = "", body: Data
    ) {
        self.tenant = tenant
        self.idempotencyKey = idempotencyKey
        self.priority = priority
        self.submitted = submitted
        self.notBefore = notBefore
        self.deadline = deadline
        self.label = label
        self.body = body
    }
}

/// How a job ended. A job has at most one outcome.
public struct NewOutcome: Sendable {
    /// The kind of outcome by its number in the protocol, which the store only keeps and returns.
    public var code: Int32
    public var finished: Milliseconds
    /// Fuel that the job used; 0 if it never ran.
    public var fuel: Int64
    /// The encoded outcome, opaque to the store.
    public var body: Data
    /// The printed value if it is too large to be part of `body`. It is read in parts.
    public var value: Data?
    /// The number of trace segments that the worker sent; 0 if the job was not traced.
    public var traceSegments: Int64
    /// The number of trace events that the worker dropped.
    public var traceDropped: Int64

    public init(
        code: Int32, finished: Milliseconds, fuel: Int64 = 0, body: Data, value: Data? = nil,
        traceSegments: Int64 = 0, traceDropped: Int64 = 0
    ) {
        self.code = code
        self.finished = finished
        self.fuel = fuel
        self.body = body
        self.value = value
        self.traceSegments = traceSegments
        self.traceDropped = traceDropped
    }
}

/// One operation of a batch. A batch is one transaction: when the store replies, all of it is on disk, or none.
public enum JobStoreOperation: Sendable {
    /// Inserts a job. The reply is `inserted`, or `exists` if the tenant has a job with this idempotency key.
    case insert(NewJob)
    /// Leases the job to a worker, which evaluates it at once (`begins`) or holds it first. Refused if an attempt with
    /// this or a higher number was leased, or the job has an outcome.
    case lease(JobID, attempt: Int64, worker: String, at: Milliseconds, begins: Bool)
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

/// The reply to one operation, in the order of the batch.
public enum JobStoreReply: Sendable, Equatable {
    /// The job was inserted; `number` is the one by which its tenant knows it.
    case inserted(JobID, number: Int64)
    /// The idempotency key was used before. `finished`: that job has an outcome. `sameBody`: it has the same bytes.
    case exists(JobID, number: Int64, finished: Bool, sameBody: Bool)
    case applied
    /// `finish` only: this attempt had committed its outcome before. Nothing was changed.
    case repeated
    /// The condition of the operation did not hold. Nothing was changed.
    case refused
    case standing(JobStanding)
}

/// What the store knows of a job.
public enum JobStanding: Sendable, Equatable {
    case unknown, open, finished
}
