import FirnProtocol
import JobStore
import Platform

/// Chooses which worker gets which job next.
///
/// Between tenants, the one that has used least is served first (`FairShare`); within a tenant, priority decides, then
/// which fairness key has used least (`KeyShares`), and then age. The choice is about which job a worker *begins* next. Workers also hold jobs in advance, so that they
/// never wait for the coordinator, but only as many as they are expected to begin within `prefetchHorizon`: many small
/// jobs, and none behind a long one. A later job that precedes jobs still waiting in a worker is sent with the
/// instruction to go ahead of them. A job that a worker returns is charged nothing and keeps its priority and age, so
/// it is chosen first again.
extension CoordinatorStateMachine {
    /// The best next job of a tenant and the worker that would get it.
    private struct Choice {
        let order: DispatchOrder
        let queue: JobQueue
        let peer: Peer
        let load: Double
    }

    /// Nanoseconds within which a prefetched job should begin. The value is well above the few milliseconds that a
    /// commit and a message take, and too short for anyone to notice as a delay.
    static let prefetchHorizon = 20_000_000.0

    mutating func dispatch() {
        guard !isDraining else { return }
        var peers = workers.values.filter(hasRoom).map(\.peer)
        guard !peers.isEmpty else { return }
        var candidates = tenants.indices.filter { tenants[$0].ready > 0 && !tenants[$0].policy.isPaused }
        var occupancies: [Int: Occupancy] = [:]
        for tenant in candidates { occupancies[tenant] = occupancy(of: tenant) }
        while !peers.isEmpty,
            let next = candidates.indices.min(by: { isServed(candidates[$0], before: candidates[$1]) })
        {
            let tenant = candidates[next]
            guard let choice = choose(of: tenant, among: peers, occupancies[tenant]) else {
                candidates.remove(at: next)
                continue
            }
            lease(choice)
            if let memory = jobs[choice.order.job.id]?.admission.limits.memoryBytes {
                occupancies[tenant]?.add(memory, at: choice.peer)
            }
            if !(workers[choice.peer].map(hasRoom) ?? false) { peers.removeAll { $0 == choice.peer } }
        }
    }

    /// Whether the worker could be given a job, at least one that precedes everything waiting in it.
    private func hasRoom(_ session: WorkerSession) -> Bool {
        session.acceptsJobs && isAlive(session)
            && session.load(aheadOf: nil, at: now.steady) < Self.prefetchHorizon
    }

    /// Orders tenants by virtual time. Among equals, a tenant with a returned job comes first, then the one served
    /// longest ago.
    private func isServed(_ tenant: Int, before other: Int) -> Bool {
        let times = (tenants[tenant].share.virtualTime, tenants[other].share.virtualTime)
        guard times.0 == times.1 else { return times.0 < times.1 }
        let hasReturned = tenants[tenant].requeued > 0
        guard hasReturned == (tenants[other].requeued > 0) else { return hasReturned }
        return tenants[tenant].lastServed < tenants[other].lastServed
    }

    /// The tenant's first job that its quotas allow and one of the workers can run.
    private mutating func choose(of tenant: Int, among peers: [Peer], _ occupancy: Occupancy?) -> Choice? {
        guard tenants[tenant].ready > 0 else { return nil }
        removeObsoleteEntries(of: tenant)
        let state = tenants[tenant]
        var best: Choice?
        for (queue, entries) in state.queues {
            guard let first = entries.min, let job = jobs[first.id], !isAtKeyLimit(job) else { continue }
            let order = DispatchOrder(
                tenant: tenant, job: first, virtualTime: state.share.virtualTime,
                keyTime: state.keys[queue.key].share.virtualTime)
            guard best.map({ order.precedes($0.order) }) ?? true else { continue }
            var allowed = peers
            if let occupancy {
                let memory = job.admission.limits.memoryBytes
                allowed.removeAll { !occupancy.allows(memory, at: $0, state.policy) }
            }
            if let choice = leastLoaded(of: allowed, for: order, queue) { best = choice }
        }
        return best
    }

    /// Removes jobs from the heads of the tenant's queues that do not wait any more.
    private mutating func removeObsoleteEntries(of tenant: Int) {
        let obsolete = tenants[tenant].queues.compactMap { queue, entries in
            entries.min.flatMap { jobs[$0.id] }?.isQueued ?? false ? nil : queue
        }
        for queue in obsolete {
            while let first = tenants[tenant].queues[queue]?.min, !(jobs[first.id]?.isQueued ?? false) {
                tenants[tenant].removeFirst(of: queue)
            }
        }
    }

    /// Whether as many jobs with the job's fairness key are leased as its tenant and the job itself allow.
    func isAtKeyLimit(_ job: Job) -> Bool {
        guard let limit = keyLimit(of: job) else { return false }
        return tenants[job.tenant].keys[job.admission.key].leased >= limit
    }

    /// How many jobs with the job's fairness key may be leased at once; nil for no bound.
    func keyLimit(of job: Job) -> Int? {
        guard !job.admission.key.isEmpty else { return nil }
        let bounds = [tenants[job.tenant].policy.maximumPerKey, job.admission.scheduling?.keyRunning ?? 0]
        return bounds.filter { $0 > 0 }.min()
    }

    /// The worker that is expected to begin the job first.
    private func leastLoaded(of peers: [Peer], for order: DispatchOrder, _ queue: JobQueue) -> Choice? {
        var best: Choice?
        for peer in peers {
            guard let session = workers[peer], session.satisfies(queue.requirement) else { continue }
            let load = session.load(aheadOf: order, at: now.steady)
            guard load < best?.load ?? Self.prefetchHorizon else { continue }
            best = Choice(order: order, queue: queue, peer: peer, load: load)
        }
        return best
    }

    private mutating func lease(_ choice: Choice) {
        let id = choice.order.job.id
        tenants[choice.order.tenant].removeFirst(of: choice.queue)
        guard let job = jobs[id], let worker = workers[choice.peer]?.hello.name,
            let position = workers[choice.peer]?.position(of: choice.order)
        else { return }
        let attempt = job.attempt + 1
        let charge = charge(job)
        let identity = fixPreparedSet(of: id, at: choice.peer)
        move(id, to: .leasing(choice.peer))
        jobs[id]?.attempt = attempt
        // If the worker holds no lease, it begins the job as soon as the assignment arrives.
        let begins = workers[choice.peer]?.leases.isEmpty ?? true
        workers[choice.peer]?.credit -= 1
        workers[choice.peer]?.leases.insert(
            WorkerLease(
                job: id, attempt: attempt, order: choice.order, expected: charge.expected,
                memoryBytes: job.admission.limits.memoryBytes, isBeginStored: begins,
                expires: now.steady + settings.lease.milliseconds), at: position)
        store(
            .lease(id, attempt: Int64(attempt), worker: worker, at: now.wall, begins: begins, prepared: identity),
            .lease(id, choice.peer, attempt: attempt))
    }
}
