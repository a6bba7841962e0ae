import FirnProtocol
import JobStore

/// The only code that changes a job's state, so that the counters by state are always right.
extension CoordinatorStateMachine {
    mutating func add(_ job: Job) {
        jobs[job.id] = job
        tenants[job.tenant].count(job.admission, 1)
        nameSuperseded(job)
        if job.requirement.prepared != nil { preparedJobs += 1 }
        jobsByNumber[TenantJob(tenant: job.tenant, number: job.number)] = job.id
        if job.admission.expires > 0 { timers.expiries.insert(Due(time: job.admission.expires, key: job.id)) }
        count(job, 1)
        entered(job.id, job.state)
    }

    mutating func move(_ id: JobID, to state: Job.State) {
        guard let before = jobs[id] else { return }
        count(before, -1)
        jobs[id]?.state = state
        if let after = jobs[id] { count(after, 1) }
        entered(id, state)
    }

    /// Removes a job whose outcome is committed.
    mutating func remove(_ id: JobID) -> Job? {
        guard let job = jobs.removeValue(forKey: id) else { return nil }
        if job.requirement.prepared != nil { preparedJobs -= 1 }
        jobsByNumber[TenantJob(tenant: job.tenant, number: job.number)] = nil
        tenants[job.tenant].count(job.admission, -1)
        forgetSuperseded(job)
        forgetPreceding(of: job)
        count(job, -1)
        return job
    }

    /// Queues a job, or delays it if its not-before time has not come.
    mutating func enqueue(_ id: JobID) {
        guard let job = jobs[id] else { return }
        move(id, to: job.admission.notBefore > now.wall ? .delayed : .queued)
    }

    private mutating func entered(_ id: JobID, _ state: Job.State) {
        guard let job = jobs[id] else { return }
        switch state {
        case .delayed: timers.notBefore.insert(Due(time: job.admission.notBefore, key: id))
        case .queued: makeReady(job)
        case .blocked, .leasing, .held, .running, .orphaned, .building, .concluding: break
        }
    }

    private mutating func makeReady(_ job: Job) {
        jobs[job.id]?.ready = now.steady
        // A job that was leased before is not new demand: its tenant keeps its virtual time.
        if job.attempt == 0 { tenantBecameBusy(job.tenant) }
        tenants[job.tenant].enqueue(job)
        if tenants[job.tenant].entries > 2 * tenants[job.tenant].ready + 1_000 { rebuildQueue(of: job.tenant) }
    }

    /// Drops the entries of jobs that were cancelled while they waited.
    private mutating func rebuildQueue(of tenant: Int) {
        tenants[tenant].queues = [:]
        tenants[tenant].entries = 0
        for job in jobs.values where job.tenant == tenant && job.isQueued {
            tenants[tenant].enqueue(job)
        }
    }

    private mutating func count(_ job: Job, _ sign: Int) {
        switch job.state {
        case .delayed:
            tenants[job.tenant].delayed += sign
            tenants[job.tenant].queuedBytes += sign * job.admission.bytes.count
        case .blocked:
            tenants[job.tenant].blocked += sign
            tenants[job.tenant].queuedBytes += sign * job.admission.bytes.count
        case .queued:
            tenants[job.tenant].ready += sign
            tenants[job.tenant].keys.count(job.admission.key, ready: sign)
            if job.attempt > 0 { tenants[job.tenant].requeued += sign }
            tenants[job.tenant].queuedBytes += sign * job.admission.bytes.count
        case .building(let peer, let hasBegun):
            tenants[job.tenant].delayed += sign
            tenants[job.tenant].queuedBytes += sign * job.admission.bytes.count
            if hasBegun { tenants[job.tenant].building += sign }
            if sign > 0 { workers[peer]?.building.insert(job.id) } else { workers[peer]?.building.remove(job.id) }
        case .leasing, .held, .orphaned(_, _, hasBegun: false): countLeased(job, sign)
        case .running, .orphaned(_, _, hasBegun: true):
            tenants[job.tenant].running += sign
            countLeased(job, sign)
        case .concluding:
            concluding += sign
        }
    }

    private mutating func countLeased(_ job: Job, _ sign: Int) {
        let tenant = job.tenant
        tenants[tenant].leased += sign
        tenants[tenant].keys.count(job.admission.key, leased: sign)
        if tenants[tenant].leased == 0 { tenantBecameIdle(tenant) }
    }
}
