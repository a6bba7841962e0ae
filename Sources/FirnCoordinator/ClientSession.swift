import FirnProtocol
import JobStore

/// A connected client or operator that said hello.
struct ClientSession: Sendable {
    let identity: Identity
    var lastHeard: Int64
    var watches: [UInt64: Watch] = [:]
    /// Questions that wait for a job.
    var waits: Set<UInt64> = []

    /// Whose jobs it sees; nil for an operator, who sees all.
    var tenant: String? { identity.tenant?.name }
}

/// The updates of a set of jobs that a client wants to hear of.
struct Watch: Sendable {
    /// Jobs of which the last update was not sent yet.
    var open: Set<JobID> = []
    /// Reads of finished jobs that are under way.
    var reads = 0
    /// The receipts of the submit that opened it are not sent yet; nothing may be sent before.
    var isHeldBack = false
    /// Open jobs that changed; what is sent is what they are then.
    var changed: [JobID] = []
    var finished: [WireJobStatus] = []
    var unknown: [UInt64] = []
    /// When changes are sent, in steady time; nil when there are none.
    var due: Int64?

    var isComplete: Bool { open.isEmpty && reads == 0 && !isHeldBack }

    /// A job changed; it is told at `due` at the latest.
    mutating func note(_ job: JobID, due time: Int64) {
        changed.append(job)
        due = min(due ?? time, time)
    }

    func isDue(at steady: Int64) -> Bool {
        isComplete || !finished.isEmpty || !unknown.isEmpty || due.map { $0 <= steady } ?? false
    }

    /// Everything was sent.
    mutating func clear() {
        changed = []
        finished = []
        unknown = []
        due = nil
    }
}

/// A `Get` that waits for its job.
struct Wait: Sendable {
    let peer: Peer
    let correlation: UInt64
    let job: JobID
    let until: Int64
}

/// A `Submit` whose jobs are being committed.
struct PendingSubmit: Sendable {
    let peer: Peer
    let correlation: UInt64
    let watch: Bool
    var receipts: [WireReceipt]
    var remaining: Int
}

/// A `Cancel` of which some effects are not committed yet.
struct PendingCancel: Sendable {
    let peer: Peer
    let correlation: UInt64
    var effects: [WireCancellation]
    var remaining: Int
}
