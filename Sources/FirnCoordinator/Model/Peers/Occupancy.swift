/// What a tenant's leased jobs may occupy at once. The tenant's quotas on running jobs and their memory are checked
/// against it.
///
/// A worker evaluates one job at a time and begins the next without asking. A worker that holds jobs of the tenant
/// therefore counts as one running job, with the largest memory limit among them; the jobs that wait behind it occupy
/// nothing more.
struct Occupancy: Sendable {
    private var memory: [Peer: UInt64] = [:]
    /// The number of workers that have not reconnected since the coordinator started, and the most memory that they may
    /// use.
    private var absent = 0
    private var absentMemory: UInt64 = 0

    mutating func add(_ bytes: UInt64, at worker: Peer) {
        memory[worker] = max(memory[worker] ?? 0, bytes)
    }

    mutating func addAbsent(_ bytes: UInt64) {
        absent += 1
        absentMemory = Self.sum(absentMemory, bytes)
    }

    /// Whether a job with that memory limit may be leased to the worker.
    func allows(_ bytes: UInt64, at worker: Peer, _ policy: TenantPolicy) -> Bool {
        guard memory[worker] != nil || memory.count + absent < policy.maximumRunning else { return false }
        guard policy.maximumRunningMemory > 0 else { return true }
        var sum = Self.sum(absentMemory, max(memory[worker] ?? 0, bytes))
        for (other, bytes) in memory where other != worker { sum = Self.sum(sum, bytes) }
        return sum <= policy.maximumRunningMemory
    }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
