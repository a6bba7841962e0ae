import JobStore

/// A lease of a connected worker.
struct WorkerLease: Sendable {
    let job: JobID
    let attempt: UInt32
    let order: DispatchOrder
    /// What the job is expected to cost, in nanoseconds of a worker.
    let expected: Double
    /// The job's memory limit.
    let memoryBytes: UInt64
    /// The lease is committed and the job was sent.
    var isSent = false
    /// When its evaluation began, in steady time; nil while it waits in the worker.
    var began: Int64?
    /// The store has been told that it began.
    var isBeginStored = false
    /// Steady time; counts from the sending.
    var expires: Int64

    var hasBegun: Bool { began != nil }

    /// What it may still take if it is the one that is evaluated: what it was expected to, or, when that is over, as long
    /// again as it has taken already.
    func load(at steady: Int64) -> Double {
        guard let began else { return expected }
        return max(expected, Double(steady - began) * 1e6)
    }
}

/// What decides which of two jobs runs first.
struct DispatchOrder: Sendable {
    let tenant: Int
    let place: QueuedJob
    /// The tenant's virtual time when the job was chosen.
    let virtualTime: Double

    /// Of one tenant: priority, then age. Of two: that of the tenant which had used less when the job was chosen.
    func precedes(_ other: DispatchOrder) -> Bool {
        tenant == other.tenant ? place < other.place : virtualTime < other.virtualTime
    }
}
