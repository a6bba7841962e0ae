import FirnProtocol
import JobStore

/// Who gets which job next.
///
/// Between tenants: start-time fair queueing. Each tenant has a virtual time that rises by the fuel its jobs use, divided
/// by its weight; the one with the least is served. A job is charged what its tenant's jobs used on average when it is
/// leased, and the difference when its result comes. Within a tenant: priority, then age.
extension CoordinatorMachine {
    mutating func dispatch() {
        guard !isDraining else { return }
        var available = workers.values.filter { $0.canTake && isAlive($0) }.map(\.peer)
        guard !available.isEmpty else { return }
        var candidates = tenants.indices.filter { tenants[$0].ready > 0 }
        while !available.isEmpty,
            let next = candidates.indices.min(by: { virtualTime(candidates[$0]) < virtualTime(candidates[$1]) })
        {
            let tenant = candidates[next]
            guard let id = takeBest(of: tenant, for: available) else {
                candidates.remove(at: next)
                continue
            }
            lease(id, among: available)
            available.removeAll { !(workers[$0]?.canTake ?? false) }
        }
    }

    private func virtualTime(_ tenant: Int) -> Double { tenants[tenant].virtualTime }

    /// Takes the tenant's best job that one of the workers can take and its quotas allow.
    private mutating func takeBest(of tenant: Int, for peers: [Peer]) -> JobID? {
        guard tenants[tenant].ready > 0, tenants[tenant].running < tenants[tenant].policy.maximumRunning else {
            return nil
        }
        var best: (job: QueuedJob, requirement: Requirement)?
        for requirement in Array(tenants[tenant].queues.keys) {
            guard peers.contains(where: { workers[$0]?.serves(requirement) ?? false }) else { continue }
            while let first = tenants[tenant].queues[requirement]?.first, !(jobs[first.id]?.isQueued ?? false) {
                tenants[tenant].removeFirst(of: requirement)
            }
            guard let first = tenants[tenant].queues[requirement]?.first else { continue }
            if best.map({ first < $0.job }) ?? true { best = (first, requirement) }
        }
        guard let best, let job = jobs[best.job.id], hasMemory(for: job) else { return nil }
        tenants[tenant].removeFirst(of: best.requirement)
        return best.job.id
    }

    private func hasMemory(for job: Job) -> Bool {
        let state = tenants[job.tenant]
        guard state.policy.maximumRunningMemory > 0 else { return true }
        let (sum, overflow) = state.runningMemory.addingReportingOverflow(job.admission.limits.memoryBytes)
        return !overflow && sum <= state.policy.maximumRunningMemory
    }

    /// Leases the job to the least loaded of the workers that serve it.
    private mutating func lease(_ id: JobID, among peers: [Peer]) {
        guard let job = jobs[id] else { return }
        var chosen: (peer: Peer, load: Int)?
        for peer in peers {
            guard let session = workers[peer], session.serves(job.admission.requirement) else { continue }
            if chosen.map({ session.held.count < $0.load }) ?? true { chosen = (peer, session.held.count) }
        }
        guard let peer = chosen?.peer, let worker = workers[peer]?.hello.name else { return }
        let attempt = job.attempt + 1
        virtualClock = max(virtualClock, tenants[job.tenant].virtualTime)
        move(id, to: .leasing(peer))
        jobs[id]?.attempt = attempt
        jobs[id]?.charge = tenants[job.tenant].charge()
        workers[peer]?.credit -= 1
        workers[peer]?.held.append(
            WorkerSession.Held(
                job: id, attempt: attempt, isSent: false, isRunning: false, expires: now.steady + settings.leaseMs))
        store(
            .lease(id, attempt: Int64(attempt), worker: worker, at: now.wall),
            .lease(id, peer, attempt: attempt))
    }
}
