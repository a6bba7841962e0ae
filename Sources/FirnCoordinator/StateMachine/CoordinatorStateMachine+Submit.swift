import FirnProtocol
import Foundation
import JobStore

extension CoordinatorStateMachine {
    mutating func submit(_ submit: WireSubmit, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard let name = session.tenant else {
            return refuse(peer, correlation, .notPermitted, "an operator's key submits no jobs: use a client's")
        }
        guard !isDraining else {
            return refuseForNow(peer, correlation, .draining, "the coordinator takes no new jobs", retryAfter: 5_000)
        }
        if let storeFault {
            return refuseForNow(
                peer, correlation, .storeUnavailable, "the job store fails: \(storeFault)", retryAfter: 1_000)
        }
        guard checkBatch(submit, peer, correlation) else { return }
        let tenant = tenant(name)
        let number = newNumber()
        var pending = PendingSubmit(peer: peer, correlation: correlation, watch: submit.watch, count: submit.jobs.count)
        var admissions: [Admission?] = []
        for (index, bytes) in submit.jobs.enumerated() {
            admissions.append(admission(of: bytes, tenant: tenant, for: index, of: &pending))
        }
        begin(number, pending, admissions, tenant)
    }

    /// Reads and checks a job of a batch.
    ///
    /// - Returns: nil if the job is refused, which `pending` then says.
    private mutating func admission(
        of bytes: Data, tenant: Int, for index: Int, of pending: inout PendingSubmit
    ) -> Admission? {
        do throws(ProtocolError) {
            let admission = try Admission(
                bytes: bytes, tenant: tenants[tenant].name, policy: tenants[tenant].policy, settings: settings)
            try checkPreparedSet(admission.requirement)
            return admission
        } catch {
            metrics.jobsRefused += 1
            metrics.refusals[error.code.name, default: 0] += 1
            pending.refuse(index, error.wire)
            return nil
        }
    }

    /// Inserts the jobs of a batch, or first asks the store which jobs exist that they are to follow.
    private mutating func begin(
        _ number: UInt64, _ pending: PendingSubmit, _ admissions: [Admission?], _ tenant: Int
    ) {
        if pending.watch {
            openWatch(WatchID(peer: pending.peer, correlation: pending.correlation), awaitsReceipts: true)
        }
        guard pending.remaining > 0 else { return send(pending) }
        requests.submits[number] = pending
        let unknown = precedingJobs(of: admissions, notOpenIn: tenant)
        guard !unknown.isEmpty else { return insert(number, admissions, tenant) }
        lookUp(unknown, for: number, admissions, tenant)
    }

    /// Inserts the admitted jobs of a batch that find room.
    mutating func insert(_ number: UInt64, _ admissions: [Admission?], _ tenant: Int) {
        for (index, admission) in admissions.enumerated() {
            guard let admission, requests.submits[number] != nil else { continue }
            if let error = quotaError(tenant, admission) ?? precedingError(admission, number, tenant) {
                metrics.jobsRefused += 1
                receipt(number, index, .refused(error))
                continue
            }
            tenants[tenant].inserting += 1
            tenants[tenant].queuedBytes += admission.bytes.count
            store(
                .insert(admission.newJob(tenant: tenants[tenant].name, submitted: now.wall)),
                .insert(submit: number, index: index, tenant: tenant, admission))
        }
    }

    /// Submits finished jobs of a tenant again (`Retry`).
    ///
    /// - Parameters:
    ///   - jobs: the numbers of the jobs with their new specifications, or why one is not submitted.
    ///   - pending: where the answer goes.
    mutating func submitAgain(_ jobs: [Result<Data, ProtocolError>], _ pending: PendingSubmit, tenant: Int) {
        var pending = pending
        var admissions: [Admission?] = []
        for (index, job) in jobs.enumerated() {
            switch job {
            case .success(let bytes):
                admissions.append(admission(of: bytes, tenant: tenant, for: index, of: &pending))
            case .failure(let error):
                pending.refuse(index, error.wire)
                admissions.append(nil)
            }
        }
        begin(newNumber(), pending, admissions, tenant)
    }

    private mutating func checkBatch(_ submit: WireSubmit, _ peer: Peer, _ correlation: UInt64) -> Bool {
        guard !submit.jobs.isEmpty else {
            refuse(peer, correlation, .malformedBody, "the batch has no jobs")
            return false
        }
        guard submit.jobs.count <= settings.batchJobs,
            submit.jobs.reduce(0, { $0 + $1.count }) <= settings.batchBytes
        else {
            refuse(
                peer, correlation, .batchTooLarge,
                "a batch has at most \(settings.batchJobs) jobs and \(settings.batchBytes) bytes: send several")
            return false
        }
        guard submit.watch, let session = clients[peer] else { return true }
        guard session.watches[correlation] == nil else {
            refuse(peer, correlation, .malformedBody, "the correlation id \(correlation) is in use by a watch")
            return false
        }
        if let fault = watchFault(session, adding: submit.jobs.count) {
            refuseForNow(peer, correlation, .quotaExceeded, fault, retryAfter: 1_000)
            return false
        }
        return true
    }

    /// Why the job is refused for now; nil if it is not. A full queue refuses new jobs with a time to retry, and never
    /// drops an accepted one.
    private mutating func quotaError(_ tenant: Int, _ admission: Admission) -> WireError? {
        let state = tenants[tenant]
        let isFull =
            state.waiting >= state.policy.maximumQueued
            || state.queuedBytes + admission.bytes.count > state.policy.maximumQueuedBytes
        if isFull {
            return .with {
                $0.code = .queueFull
                $0.message = "\(state.waiting) jobs of tenant \(state.name) wait, which is its limit: try again later"
                $0.retryAfterMs = retryAfter(tenant)
            }
        }
        guard state.hasRoom(for: JobQueue(key: admission.key, requirement: admission.requirement)) else {
            return ProtocolError(
                .quotaExceeded,
                "open jobs of tenant \(state.name) have \(TenantState.maximumQueues) different combinations of a fairness "
                    + "key and what they need of a worker: use fewer, or wait until some have ended",
                retryAfter: retryAfter(tenant)
            ).wire
        }
        guard state.policy.fuelPerHour > 0, state.fuelWindow.total(at: now.wall) >= state.policy.fuelPerHour else {
            return nil
        }
        return .with {
            $0.code = .quotaExceeded
            $0.message = "tenant \(state.name) has used its \(state.policy.fuelPerHour) units of fuel of this hour"
            $0.retryAfterMs = HourlyWindow.untilNext(now.wall)
        }
    }

    /// Milliseconds in which about a hundred jobs of the tenant should finish, from 50 to 30,000.
    mutating func retryAfter(_ tenant: Int) -> UInt64 {
        let rate = tenants[tenant].rate.perSecond(at: now.steady)
        return rate == 0 ? 1_000 : UInt64(min(max(100_000 / rate, 50), 30_000))
    }

    mutating func refuseForNow(
        _ peer: Peer, _ correlation: UInt64, _ code: WireErrorCode, _ message: String, retryAfter: UInt64
    ) {
        metrics.refusals[code.name, default: 0] += 1
        reply(peer, correlation, .error(ProtocolError(code, message, retryAfter: retryAfter).wire))
    }

    mutating func receipt(_ submit: UInt64, _ index: Int, _ answer: WireReceipt.OneOf_Answer) {
        guard var pending = requests.submits.removeValue(forKey: submit) else { return }
        if case .refused(let error) = answer { metrics.refusals[error.code.name, default: 0] += 1 }
        pending.answer(index, answer)
        guard pending.remaining == 0 else {
            requests.submits[submit] = pending
            return
        }
        send(pending)
    }

    private mutating func send(_ pending: PendingSubmit) {
        reply(pending.peer, pending.correlation, pending.reply)
        if pending.watch { releaseWatch(WatchID(peer: pending.peer, correlation: pending.correlation)) }
    }

    /// Handles the store's reply to an insertion.
    mutating func inserted(_ reply: JobStoreReply, submit: UInt64, index: Int, tenant: Int, _ admission: Admission) {
        tenants[tenant].inserting -= 1
        tenants[tenant].queuedBytes -= admission.bytes.count
        let watch = requests.submits[submit].flatMap {
            $0.watch ? WatchID(peer: $0.peer, correlation: $0.correlation) : nil
        }
        switch reply {
        case .inserted(let id, let number):
            metrics.jobsAccepted += 1
            var job = Job(id: id, number: number, tenant: tenant, admission: admission, submitted: now.wall)
            if !(admission.scheduling?.after.isEmpty ?? true) {
                job.state = .blocked
            } else if admission.notBefore > now.wall {
                job.state = .delayed
            }
            add(job)
            if case .blocked = job.state { waitForPreceding(job, known: requests.submits[submit]?.preceding ?? [:]) }
            supersede(by: admission, id, number: number, tenant: tenant)
            if let watch { addToWatch(watch, [UInt64(clamping: number)]) }
            receipt(submit, index, .accepted(.with { $0.job = UInt64(clamping: number) }))
        case .insertedFinished(let id, let number):
            metrics.jobsAccepted += 1
            metrics.jobsFromCache += 1
            tenants[tenant].finished += 1
            tenants[tenant].rate.count(at: now.steady)
            supersede(by: admission, id, number: number, tenant: tenant)
            if let watch { addToWatch(watch, [UInt64(clamping: number)]) }
            receipt(submit, index, .accepted(.with { $0.job = UInt64(clamping: number) }))
        case .exists(_, let number, _, sameBody: true):
            metrics.jobsDuplicated += 1
            if let watch { addToWatch(watch, [UInt64(clamping: number)]) }
            receipt(
                submit, index,
                .accepted(
                    .with {
                        $0.job = UInt64(clamping: number)
                        $0.duplicate = true
                    }))
        case .exists(_, let number, _, sameBody: false):
            metrics.jobsRefused += 1
            let error = ProtocolError(
                .idempotencyConflict, "the idempotency key was used for job \(number) with other bytes: use a new key")
            receipt(submit, index, .refused(error.wire))
        case .applied, .repeated, .refused, .standing:
            receipt(submit, index, .refused(ProtocolError(.internal, "the store did not insert the job").wire))
        }
    }
}
