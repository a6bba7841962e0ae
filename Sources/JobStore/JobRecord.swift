import Foundation

/// A worker that was lost while it ran a job.
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

/// A job without an outcome, as a coordinator finds it when it starts.
public struct OpenJob: Sendable {
    public let id: JobID
    /// By which its tenant knows it.
    public let number: Int64
    public let job: NewJob
    /// The highest attempt that was given; 0 when none was.
    public let attempt: Int64
    /// The worker that holds the lease of `attempt`; nil when the job is queued.
    public let holder: String?
    /// The holder is known to have begun it.
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

/// Where a job stands in the store.
public enum JobState: Sendable, Equatable {
    case queued
    /// Leased to a worker that is not known to have begun it.
    case held
    case running
    case finished(code: Int32)
}

/// What a list of jobs shows of one.
public struct JobSummary: Sendable, Equatable {
    public let id: JobID
    public let tenant: String
    /// By which the tenant knows it.
    public let number: Int64
    public let state: JobState
    public let priority: Int32
    public let label: String
    public let submitted: Milliseconds
    public let notBefore: Milliseconds
    public let attempt: Int64
    /// The worker of the last attempt; nil before the first.
    public let worker: String?
    /// When the last attempt was leased, or began, where that is known; 0 before the first.
    public let started: Milliseconds
    /// When the outcome was committed; 0 before.
    public let finished: Milliseconds
    public let fuel: Int64
}

/// Everything kept of one job.
public struct JobRecord: Sendable {
    public let summary: JobSummary
    /// The encoded outcome; nil while the job is open.
    public let outcome: Data?
    public let lost: [LostWorker]
}

/// Which jobs to list. Newest first.
public struct JobFilter: Sendable {
    /// Only this tenant's; nil for all.
    public var tenant: String?
    /// Only jobs older than this one: the cursor of paging. As an id, or as a number of `tenant`.
    public var before: JobKey?
    public var states: Set<Kind>
    /// Only jobs with this outcome; nil for all.
    public var code: Int32?
    /// What `delayed` is measured against: a queued job is delayed while its not-before time is later.
    public var now: Milliseconds
    /// 1 to 1,000; values outside are moved into the range.
    public var limit: Int

    /// States that can be asked for; `delayed` is `queued` with a not-before time that is still to come.
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
