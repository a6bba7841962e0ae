import Foundation

/// The loss of a worker while it ran a job.
public struct LostWorker: Sendable, Equatable {
    public let attempt: Int64
    public let worker: String
    public let cause: String
    public let at: Milliseconds

    public init(attempt: Int64, worker: String, cause: String, at: Milliseconds) {
        self.attempt = attempt
        self.worker = worker
        self.cause = cause
        self.at = at
    }
}

/// The state of a job in the store.
public enum JobState: Sendable, Equatable {
    case queued
    /// The job is leased to a worker that is not known to have begun it.
    case held
    case running
    case finished(code: Int32)
}

/// A job as lists show it.
public struct JobSummary: Sendable, Equatable {
    public let id: JobID
    public let tenant: String
    /// The number by which its tenant knows the job.
    public let number: Int64
    public let state: JobState
    public let priority: Int32
    public let label: String
    public let submitted: Milliseconds
    public let notBefore: Milliseconds
    public let attempt: Int64
    /// The worker of the last attempt; nil before the first.
    public let worker: String?
    /// The time at which the last attempt was leased, or began if that is known; 0 before the first.
    public let started: Milliseconds
    /// The time at which the outcome was committed; 0 before.
    public let finished: Milliseconds
    public let fuel: Int64
}

/// Everything that is stored of one job.
public struct JobRecord: Sendable {
    public let summary: JobSummary
    /// The encoded outcome; nil while the job is open.
    public let outcome: Data?
    public let lost: [LostWorker]
}
