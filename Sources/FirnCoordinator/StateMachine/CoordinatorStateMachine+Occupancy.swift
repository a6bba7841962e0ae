extension CoordinatorStateMachine {
    /// The tenant's present occupancy; nil if none of its quotas can apply.
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
