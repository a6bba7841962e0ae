import FirnProtocol
import Foundation
import JobStore

/// An open job, from its insertion until its outcome is committed.
struct Job: Sendable {
    /// The stage that a job has reached.
    enum State: Sendable {
        /// The job waits for its not-before time.
        case delayed
        /// The job waits for others to end (`PrecedingJobs`).
        case blocked
        /// The job waits to be leased.
        case queued
        /// The lease is being committed; the job is sent to the worker afterwards.
        case leasing(Peer)
        /// The job was sent to the worker, which evaluates another one.
        case held(Peer)
        /// The worker evaluates the job.
        case running(Peer)
        /// The store names a worker that has not reconnected since this coordinator started. `until` is steady time.
        case orphaned(worker: String, until: Int64, hasBegun: Bool)
        /// Outputs that the job needs are built on the machine of a worker, or wait for their turn there.
        case building(Peer, hasBegun: Bool)
        /// The outcome is being committed.
        case concluding(WireJobResult)
    }

    let id: JobID
    /// The number by which its tenant knows the job.
    let number: Int64
    /// Index into the state machine's tenants.
    let tenant: Int
    let admission: Admission
    /// What a worker must have to run the job. The first attempt fixes the identity of the prepared set.
    var requirement: Requirement
    /// Wall time of the submission.
    let submitted: Int64
    var state = State.queued
    /// The number of the attempt that was leased last; 0 before the first.
    var attempt: UInt32 = 0
    /// Wall time at which the last attempt began, or was leased if it has not begun.
    var started: Int64 = 0
    /// The workers that were lost while they evaluated the job.
    var lost: [LostWorker] = []
    /// A client's request to end the job: the reason, and the steady time at which the coordinator ends it alone.
    var cancellation: (reason: String, deadline: Int64)?
    /// Parts of a large value that arrived before the result of the current attempt.
    var valueParts: [Data] = []
    var valuePartBytes = 0
    /// What the current attempt has uploaded; nil if it has begun no upload.
    var upload: UploadState?
    /// Whether the current attempt was leased by an earlier start of the coordinator, which knew what it had uploaded.
    var isInherited = false
    /// What the tenant is charged for the lease; nil if there is none.
    var charge: FairShare.Charge?
    /// Whether an attempt has begun, so that later ones must start from the same prepared set.
    var hasEverBegun = false
    /// The evaluation in progress; nil unless the current attempt has begun.
    var evaluation: Evaluation?
    /// The steady time at which the job was queued last.
    var ready: Int64 = 0
    /// What is built or could not be built for the job.
    var builds = JobBuilds()
    /// The watches that follow the job.
    var watches: [WatchID] = []
    /// The waiting `Get`s for the job, by number.
    var waits: [UInt64] = []

    init(id: JobID, number: Int64, tenant: Int, admission: Admission, submitted: Int64) {
        self.id = id
        self.number = number
        self.tenant = tenant
        self.admission = admission
        requirement = admission.requirement
        self.submitted = submitted
    }

    var isWaiting: Bool {
        switch state {
        case .delayed, .blocked, .queued: true
        default: false
        }
    }

    /// Whether a worker holds the job, will hold it once the lease is committed, or held it before a restart.
    var isLeased: Bool {
        switch state {
        case .leasing, .held, .running, .orphaned: true
        default: false
        }
    }

    var queue: JobQueue { JobQueue(key: admission.key, requirement: requirement) }

    var isQueued: Bool {
        if case .queued = state { true } else { false }
    }
}
