/// What a tenant's jobs may take at once: against this its quotas on running jobs and their memory are checked.
///
/// A worker evaluates one job at a time and begins the next without asking, so a worker to which jobs of a tenant are leased
/// counts as one running job, with the largest memory limit among them. What waits behind others there takes nothing more.
struct Occupancy: Sendable {
    private var memory: [Peer: UInt64] = [:]
    /// Workers that have not come back since the coordinator started, and the sum of what they hold at most.
    private var absent = 0
    private var absentMemory: UInt64 = 0

    mutating func add(_ bytes: UInt64, at worker: Peer) {
        memory[worker] = max(memory[worker] ?? 0, bytes)
    }

    mutating func addAbsent(_ bytes: UInt64) {
        absent += 1
        absentMemory = Self.sum(absentMemory, bytes)
    }

    /// Whether a job with such a memory limit may go to the worker.
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

extension CoordinatorStateMachine {
    /// Nil when no quota of the tenant can bind.
    func occupancy(of tenant: Int) -> Occupancy? {
        let policy = tenants[tenant].policy
        guard policy.maximumRunning < workers.count + orphans.count || policy.maximumRunningMemory > 0 else {
            return nil
        }
        var occupancy = Occupancy()
        for session in workers.values {
            for lease in session.leases where lease.order.tenant == tenant {
                occupancy.add(lease.memoryBytes, at: session.peer)
            }
        }
        for ids in orphans.values {
            let limits = ids.compactMap { id -> UInt64? in
                guard let job = jobs[id], job.tenant == tenant, case .orphaned = job.state else { return nil }
                return job.admission.limits.memoryBytes
            }
            if let most = limits.max() { occupancy.addAbsent(most) }
        }
        return occupancy
    }
}
