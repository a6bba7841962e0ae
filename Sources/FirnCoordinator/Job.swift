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
        /// Sent to the worker.
        case running(Peer)
        /// Held, as the store says, by a worker that has not come back since this coordinator started.
        case orphaned(worker: String, until: Int64)
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
    /// Wall time of the last lease.
    var started: Int64 = 0
    var lost: [LostWorker] = []
    /// A client asked to end it. The reason, and the steady time at which the coordinator ends it alone.
    var cancellation: (reason: String, deadline: Int64)?
    /// Parts of a large value that came before the result of the current attempt.
    var valueParts: [Data] = []
    var valuePartBytes = 0
    /// What its tenant was charged when it was leased.
    var charge = 0.0
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
    var isHeld: Bool {
        switch state {
        case .leasing, .running, .orphaned: true
        default: false
        }
    }

    var isQueued: Bool {
        if case .queued = state { true } else { false }
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
