import Foundation

/// A job as it is inserted. What the client asked for is an opaque `body`: the store gives it back, byte for byte.
public struct NewJob: Sendable {
    public var tenant: String
    /// At most one job of a tenant has this key. The key lives as long as the job is retained.
    public var idempotencyKey: Data?
    /// Higher runs first.
    public var priority: Int32
    public var submitted: Milliseconds
    /// Not to be started before this time; 0 when at once.
    public var notBefore: Milliseconds
    /// To be given up at this time; 0 when never.
    public var deadline: Milliseconds
    /// Shown in lists; no meaning.
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

/// How a job ended. There is at most one for a job, ever.
public struct NewOutcome: Sendable {
    /// The kind of outcome, as the protocol numbers it. The store only keeps and returns it.
    public var code: Int32
    public var finished: Milliseconds
    /// Fuel that the job used; 0 when it never ran.
    public var fuel: Int64
    /// The encoded outcome, opaque to the store.
    public var body: Data
    /// The printed value, where it is too large to be part of `body`; read back in parts.
    public var value: Data?
    /// How many trace segments the worker says it sent; 0 when the job was not traced.
    public var traceSegments: Int64
    /// How many trace events the worker says it dropped.
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

/// One step of a batch. A batch is one transaction: all of it is on disk when the store answers, or none.
public enum JobStoreOperation: Sendable {
    /// Answers `inserted`, or `exists` when the tenant has a job with this idempotency key.
    case insert(NewJob)
    /// Gives the job to a worker, which evaluates it at once (`begins`) or holds it first. Refused when an attempt as high was
    /// already given, or the job has an outcome.
    case lease(JobID, attempt: Int64, worker: String, at: Milliseconds, begins: Bool)
    /// The worker evaluates a job that it held. Refused unless the attempt holds the lease and there is no outcome.
    case begin(JobID, attempt: Int64, at: Milliseconds)
    /// Commits the outcome of an attempt. Answers `repeated` when this attempt did so before. Refused unless it holds
    /// the lease and there is no outcome.
    case finish(JobID, attempt: Int64, NewOutcome)
    /// Takes the lease back without blame: the worker returned the job, or never started it.
    case requeue(JobID, attempt: Int64)
    /// Takes the lease back because its worker was lost while the job ran there, and records why.
    case lose(JobID, attempt: Int64, worker: String, cause: String, at: Milliseconds)
    /// Commits an outcome that no worker made: cancelled, quarantined, unavailable, a deadline while it waited.
    /// A lease that is still held is void from then on. Refused when there is an outcome.
    case conclude(JobID, NewOutcome)
    /// Changes nothing; answers where the job stands, in the batch's order.
    case probe(JobKey)
}

/// The answer to one operation, in the order of the batch.
public enum JobStoreReply: Sendable, Equatable {
    /// With the number by which its tenant knows the job.
    case inserted(JobID, number: Int64)
    /// The key was used before. `finished`: that job has its outcome. `sameBody`: it was asked with the same bytes.
    case exists(JobID, number: Int64, finished: Bool, sameBody: Bool)
    case applied
    /// `finish` only: this very attempt had committed its outcome before; nothing was changed.
    case repeated
    /// The condition of the operation did not hold; nothing was changed by it.
    case refused
    case standing(JobStanding)
}

/// What a probe finds.
public enum JobStanding: Sendable, Equatable {
    case unknown, open, finished
}
