import FirnProtocol
import Foundation
import JobStore

/// An open job: everything from its insertion to the commit of its outcome.
struct Job: Sendable {
    enum State: Sendable {
        /// Waits for its not-before time.
        case delayed
        case queued
        /// Its lease is being committed; it is sent when that is done.
        case leasing(Peer)
        /// Sent to the worker, which evaluates another one.
        case held(Peer)
        /// The worker evaluates it.
        case running(Peer)
        /// Leased, as the store says, to a worker that has not come back since this coordinator started.
        case orphaned(worker: String, until: Int64, hasBegun: Bool)
        /// Its outcome is being committed.
        case concluding(WireJobResult)
    }

    let id: JobID
    /// By which its tenant knows it.
    let number: Int64
    /// Index into the machine's tenants.
    let tenant: Int
    let admission: Admission
    let submitted: Int64
    var state = State.queued
    /// The last attempt that was leased; 0 before the first.
    var attempt: UInt32 = 0
    /// Wall time at which the last attempt began, or was leased, while it has not.
    var started: Int64 = 0
    var lost: [LostWorker] = []
    /// A client asked to end it. The reason, and the steady time at which the coordinator ends it alone.
    var cancellation: (reason: String, deadline: Int64)?
    /// Parts of a large value that came before the result of the current attempt.
    var valueParts: [Data] = []
    var valuePartBytes = 0
    /// What its tenant is charged for the lease; nil when there is none.
    var charge: FairShare.Charge?
    /// Set from when the worker begins it until the attempt ends.
    var evaluation: Evaluation?
    /// Since when it is queued, in steady time.
    var ready: Int64 = 0
    var watches: [WatchID] = []
    var waits: [UInt64] = []

    init(id: JobID, number: Int64, tenant: Int, admission: Admission, submitted: Int64) {
        self.id = id
        self.number = number
        self.tenant = tenant
        self.admission = admission
        self.submitted = submitted
    }

    var isWaiting: Bool {
        switch state {
        case .delayed, .queued: true
        default: false
        }
    }

    /// A worker has it, or will as soon as the lease is committed, or had it before a restart.
    var isLeased: Bool {
        switch state {
        case .leasing, .held, .running, .orphaned: true
        default: false
        }
    }

    var isQueued: Bool {
        if case .queued = state { true } else { false }
    }
}

/// What is known of an evaluation while it goes on. Times are steady.
struct Evaluation: Sendable {
    let began: Int64
    /// Processor time that the worker told last, in nanoseconds, and when.
    var cpuNanoseconds: UInt64 = 0
    var toldAt: Int64

    init(began: Int64) {
        self.began = began
        toldAt = began
    }

    /// What it is taken to have used if it ends now without a result: what was told and the time since, since a thread
    /// uses no more than that; but no more than one heartbeat, after which more would have been told.
    func used(at steady: Int64, heartbeatMs: Int64) -> JobUsage {
        let untold = UInt64(clamping: min(max(steady - toldAt, 0), heartbeatMs)) * 1_000_000
        return JobUsage(cpuNanoseconds: cpuNanoseconds + untold)
    }
}

/// A watch of one client: the connection and the correlation id of the message that asked for it.
struct WatchID: Hashable, Sendable {
    let peer: Peer
    let correlation: UInt64
}

/// A job as its tenant knows it.
struct TenantJob: Hashable, Sendable {
    /// Index into the machine's tenants.
    let tenant: Int
    let number: Int64
}

/// The place of a job in its tenant's queue: higher priority first, then the older.
struct QueuedJob: Comparable, Sendable {
    let priority: Int32
    let id: JobID

    static func < (left: QueuedJob, right: QueuedJob) -> Bool {
        left.priority == right.priority ? left.id < right.id : left.priority > right.priority
    }
}
