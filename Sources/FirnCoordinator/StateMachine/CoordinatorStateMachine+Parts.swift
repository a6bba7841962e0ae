import FirnProtocol
import HeapModule
import JobStore

/// Parts of the state, each with its invariants.
extension CoordinatorStateMachine {
    /// The position of tenants in the order of fairness.
    struct Fairness: Sendable {
        /// The virtual time of the tenants being served. It never decreases, and an idle tenant starts from it when it
        /// returns.
        var virtualClock = 0.0
        /// The number of leases granted so far.
        var leaseCount: UInt64 = 0
    }

    /// Requests that wait for a commit or for a job, by a number of the coordinator's own. An entry is removed when it is
    /// answered.
    struct PendingRequests: Sendable {
        var submits: [UInt64: PendingSubmit] = [:]
        var cancels: [UInt64: PendingCancel] = [:]
        /// Waiting `Get`s. The job and the client's session name the same numbers.
        var waits: [UInt64: Wait] = [:]
    }

    /// Watches with something to send. A watch is in both sets if a job finished while other changes had no room.
    struct WatchUpdates: Sendable {
        /// Watches that may be sent when they are due.
        var changed: Set<WatchID> = []
        /// Watches with changes for which there is no room. They become `changed` when room is released.
        var blocked: Set<WatchID> = []
    }

    /// Timers. Entries are not removed early, so one that is due may be obsolete.
    struct Timers: Sendable {
        /// Not-before times of delayed jobs, in wall time.
        var notBefore = Heap<Due<JobID>>()
        /// Expiries that jobs name, in wall time.
        var expiries = Heap<Due<JobID>>()
        /// Ends of waiting `Get`s, in steady time.
        var waitEnds = Heap<Due<UInt64>>()
    }

    /// The periodic check of leases, workers and clients. All times are steady.
    struct Sweep: Sendable {
        var lastTick: Int64
        var next: Int64
        /// No lease or worker is given up before this time: after a stall, messages may still be unread.
        var graceUntil: Int64 = 0

        init(start: Int64) {
            lastTick = start
            next = start
        }
    }

    /// A cache of the submission time of each tenant's oldest waiting job, which takes a scan of all jobs.
    struct OldestWaiting: Sendable {
        /// Wall times by the index of the tenant.
        var submitted: [Int: Int64] = [:]
        /// The steady time until which the cache is used.
        var validUntil: Int64 = .min
    }
}
