import FirnProtocol
import JobStore

/// Jobs that wait for others of their tenant to end.
///
///     submit ─▶ named jobs open, or looked up ═▶ insert ═▶ blocked ─▶ last one ended ═▶ queued
///                                                             └─ one was not ok ═▶ cancelled, unless it runs all the same
///
/// The store keeps the names in the specification. After a restart of the coordinator, a job that was never leased asks
/// the store again how those ended that are not open.
extension CoordinatorStateMachine {
    /// The numbers of jobs that admitted ones name and that are not open, in order.
    func precedingJobs(of admissions: [Admission?], notOpenIn tenant: Int) -> [Int64] {
        var numbers: Set<Int64> = []
        for number in admissions.lazy.compactMap({ $0?.scheduling?.after }).joined()
        where jobsByNumber[TenantJob(tenant: tenant, number: number)] == nil {
            numbers.insert(number)
        }
        return numbers.sorted()
    }

    /// Asks the store about jobs that a batch names. Meanwhile the batch takes room in the tenant's queue.
    mutating func lookUp(_ numbers: [Int64], for submit: UInt64, _ admissions: [Admission?], _ tenant: Int) {
        let bytes = admissions.reduce(0) { $0 + ($1?.bytes.count ?? 0) }
        guard numbers.count <= ProtocolLimits.namedJobs else {
            let most = ProtocolLimits.namedJobs
            return refuseAll(
                submit, admissions,
                ProtocolError(.batchTooLarge, "after: a batch names at most \(most) jobs that have ended: send several")
            )
        }
        guard tenants[tenant].queuedBytes + bytes <= tenants[tenant].policy.maximumQueuedBytes else {
            let error = ProtocolError(
                .queueFull, "the jobs of tenant \(tenants[tenant].name) that wait have as many bytes as they may",
                retryAfter: retryAfter(tenant))
            return refuseAll(submit, admissions, error)
        }
        tenants[tenant].queuedBytes += bytes
        preceding.lookUps[submit] = PrecedingJobs.LookUp(
            tenant: tenant, admissions: admissions, bytes: bytes, remaining: numbers.count)
        for number in numbers {
            store(.probe(.number(number, tenant: tenants[tenant].name)), .lookUp(submit: submit, preceding: number))
        }
    }

    private mutating func refuseAll(_ submit: UInt64, _ admissions: [Admission?], _ error: ProtocolError) {
        for (index, admission) in admissions.enumerated() where admission != nil {
            metrics.jobsRefused += 1
            receipt(submit, index, .refused(error.wire))
        }
    }

    /// Handles the store's reply about a job that a batch names.
    mutating func lookedUp(_ reply: JobStoreReply, _ number: Int64, for submit: UInt64) {
        guard var lookUp = preceding.lookUps[submit] else { return }
        switch reply {
        case .standing(.finished(let code)): requests.submits[submit]?.preceding[number] = code
        case .standing(.open): break
        default: lookUp.unknown.insert(number)
        }
        lookUp.remaining -= 1
        preceding.lookUps[submit] = lookUp
        guard lookUp.remaining == 0 else { return }
        tenants[lookUp.tenant].queuedBytes -= lookUp.bytes
        insert(submit, lookUp.admissions, lookUp.tenant)
        preceding.lookUps[submit] = nil
    }

    /// The store fails, and the clients were told to submit again.
    mutating func forgetLookUps() {
        for lookUp in preceding.lookUps.values { tenants[lookUp.tenant].queuedBytes -= lookUp.bytes }
        preceding.lookUps = [:]
    }

    /// Why a job is refused that names a job which does not exist; nil if all exist.
    func precedingError(_ admission: Admission, _ submit: UInt64, _ tenant: Int) -> WireError? {
        guard let unknown = preceding.lookUps[submit]?.unknown,
            let number = admission.scheduling?.after.first(where: unknown.contains)
        else { return nil }
        return ProtocolError(.unknownJob, "after: there is no job \(number)").wire
    }

    /// Lets a new job wait for those that it names.
    ///
    /// - Parameter known: how named jobs ended that the store was asked about.
    mutating func waitForPreceding(_ job: Job, known: [Int64: Int32]) {
        for number in job.admission.scheduling?.after ?? [] {
            let named = TenantJob(tenant: job.tenant, number: number)
            preceding.wait(job.id, for: named)
            if jobsByNumber[named] == nil, known[number] == nil {
                store(
                    .probe(.number(number, tenant: tenants[job.tenant].name)), .preceding(job.id, number: number))
            }
        }
        for (number, code) in known.sorted(by: { $0.key < $1.key }) {
            endWait(of: job.id, for: TenantJob(tenant: job.tenant, number: number), code)
        }
    }

    /// A job has ended: those that wait for it go on, or end.
    mutating func ended(_ job: Job, _ outcome: WireOutcomeKind) {
        let named = TenantJob(tenant: job.tenant, number: job.number)
        for id in preceding.followers(of: named) { endWait(of: id, for: named, Int32(clamping: outcome.rawValue)) }
    }

    /// A job has ended otherwise than this coordinator knows.
    mutating func lookUpForFollowers(of job: Job) {
        for id in preceding.followers(of: TenantJob(tenant: job.tenant, number: job.number)) {
            store(
                .probe(.number(job.number, tenant: tenants[job.tenant].name)), .preceding(id, number: job.number))
        }
    }

    /// Handles the store's reply about a job for which another one waits.
    mutating func precedingFound(_ reply: JobStoreReply, _ number: Int64, for id: JobID) {
        guard let job = jobs[id] else { return }
        let named = TenantJob(tenant: job.tenant, number: number)
        switch reply {
        case .standing(.finished(let code)): endWait(of: id, for: named, code)
        // The job is open, so its end will be reported.
        case .standing(.open): break
        // It was removed by its retention, and how it ended is not known.
        default: endWait(of: id, for: named, nil)
        }
    }

    /// - Parameter code: the outcome of the named job; nil if it is not known any more.
    private mutating func endWait(of id: JobID, for named: TenantJob, _ code: Int32?) {
        guard let job = jobs[id], case .blocked = job.state, preceding.awaited[id]?.contains(named.number) ?? false
        else { return }
        let isLast = preceding.endWait(of: id, for: named)
        let outcome = code.map { WireOutcomeKind(rawValue: Int($0)) ?? .unspecified }
        if outcome != .ok, !(job.admission.scheduling?.runsAfterFailure ?? false) {
            let end = outcome.map { "ended \(Outcome(wire: $0)?.rawValue ?? "with outcome \($0.rawValue)")" }
            return conclude(
                id, .cancelled,
                "job \(named.number), after which it was to run, \(end ?? "is not kept any more")", cancel: nil)
        }
        guard isLast else { return }
        enqueue(id)
        notifyWatchers(of: job)
    }

    /// Forgets what a job waited for.
    mutating func forgetPreceding(of job: Job) { preceding.forget(job.id, tenant: job.tenant) }
}
