import JobStore

/// A lease held by a connected worker.
struct WorkerLease: Sendable {
    let job: JobID
    let attempt: UInt32
    let order: DispatchOrder
    /// The expected cost of the job, in nanoseconds of a worker.
    let expected: Double
    /// The job's memory limit.
    let memoryBytes: UInt64
    /// Whether the lease is committed and the job was sent.
    var isSent = false
    /// The steady time at which the evaluation began; nil while the job waits in the worker.
    var began: Int64?
    /// Whether the store was told that the evaluation began.
    var isBeginStored = false
    /// The steady time at which the lease expires unless it is renewed; it counts from the sending.
    var expires: Int64

    var hasBegun: Bool { began != nil }

    /// The nanoseconds that an evaluation may still take. An evaluation that exceeds its expected cost is assumed to
    /// take as long again as it has taken.
    func load(at steady: Int64) -> Double {
        guard let began else { return expected }
        return max(expected, Double(steady - began) * 1e6)
    }
}
