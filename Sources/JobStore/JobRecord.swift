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

    public init(
        id: JobID, number: Int64, job: NewJob, attempt: Int64, holder: String?, hasBegun: Bool, lost: [LostWorker]
    ) {
        self.id = id
        self.number = number
        self.job = job
        self.attempt = attempt
        self.holder = holder
        self.hasBegun = hasBegun
        self.lost = lost
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

/// Selects the jobs to list, newest first.
public struct JobFilter: Sendable {
    /// Lists only this tenant's jobs; nil for all.
    public var tenant: String?
    /// Lists only jobs older than this one, which is the cursor for paging: an id, or a number of `tenant`.
    public var before: JobKey?
    public var states: Set<Kind>
    /// Lists only jobs with this outcome; nil for all.
    public var code: Int32?
    /// The time with which not-before times are compared: a queued job is delayed while its not-before time is later.
    public var now: Milliseconds
    /// The length of the list, from 1 to 1,000. Other values are clamped.
    public var limit: Int

    /// The states to select. `delayed` is `queued` with a not-before time in the future.
    public enum Kind: Sendable, Hashable, CaseIterable {
        case delayed, queued, held, running, finished
    }

    public init(
        tenant: String? = nil, before: JobKey? = nil, states: Set<Kind> = Set(Kind.allCases), code: Int32? = nil,
        now: Milliseconds = 0, limit: Int = 100
    ) {
        self.tenant = tenant
        self.before = before
        self.states = states
        self.code = code
        self.now = now
        self.limit = min(max(limit, 1), 1000)
    }
}
