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
        requests.submits[number] = PendingSubmit(
            peer: peer, correlation: correlation, watch: submit.watch,
            receipts: [WireReceipt](repeating: WireReceipt(), count: submit.jobs.count), remaining: submit.jobs.count)
        if submit.watch { openWatch(WatchID(peer: peer, correlation: correlation), awaitsReceipts: true) }
        for (index, bytes) in submit.jobs.enumerated() {
            admit(bytes, tenant: tenant, submit: number, index: index)
        }
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
            refuse(peer, correlation, .quotaExceeded, fault)
            return false
        }
        return true
    }

    private mutating func admit(_ bytes: Data, tenant: Int, submit: UInt64, index: Int) {
        do throws(ProtocolError) {
            let admission = try Admission(
                bytes: bytes, tenant: tenants[tenant].name, policy: tenants[tenant].policy, settings: settings)
            try checkPreparedSet(admission.requirement)
            if let error = quotaError(tenant, admission) { return receipt(submit, index, .refused(error)) }
            tenants[tenant].inserting += 1
            tenants[tenant].queuedBytes += bytes.count
            store(
                .insert(admission.newJob(tenant: tenants[tenant].name, submitted: now.wall)),
                .insert(submit: submit, index: index, tenant: tenant, admission))
        } catch {
            metrics.jobsRefused += 1
            receipt(submit, index, .refused(error.wire))
        }
    }

    /// Why the job is refused for now; nil if it is not. A full queue refuses new jobs with a time to retry, and never
    /// drops an accepted one.
    private mutating func quotaError(_ tenant: Int, _ admission: Admission) -> WireError? {
        let state = tenants[tenant]
        let isFull =
            state.waiting >= state.policy.maximumQueued
            || state.queuedBytes + admission.bytes.count > state.policy.maximumQueuedBytes
        if isFull {
            metrics.jobsRefused += 1
            return .with {
                $0.code = .queueFull
                $0.message = "\(state.waiting) jobs of tenant \(state.name) wait, which is its limit: try again later"
                $0.retryAfterMs = retryAfter(tenant)
            }
        }
        guard state.policy.fuelPerHour > 0, state.fuelWindow.total(at: now.wall) >= state.policy.fuelPerHour else {
            return nil
        }
        metrics.jobsRefused += 1
        return .with {
            $0.code = .quotaExceeded
            $0.message = "tenant \(state.name) has used its \(state.policy.fuelPerHour) units of fuel of this hour"
            $0.retryAfterMs = HourlyWindow.untilNext(now.wall)
        }
    }

    /// Milliseconds in which about a hundred jobs of the tenant should finish, from 50 to 30,000.
    private mutating func retryAfter(_ tenant: Int) -> UInt64 {
        let rate = tenants[tenant].rate.perSecond(at: now.steady)
        return rate == 0 ? 1_000 : UInt64(min(max(100_000 / rate, 50), 30_000))
    }

    mutating func refuseForNow(
        _ peer: Peer, _ correlation: UInt64, _ code: WireErrorCode, _ message: String, retryAfter: UInt64
    ) {
        let error = WireError.with {
            $0.code = code
            $0.message = message
            $0.retryAfterMs = retryAfter
        }
        reply(peer, correlation, .error(error))
    }

    mutating func receipt(_ submit: UInt64, _ index: Int, _ answer: WireReceipt.OneOf_Answer) {
        guard var pending = requests.submits.removeValue(forKey: submit) else { return }
        pending.receipts[index].answer = answer
        pending.remaining -= 1
        guard pending.remaining == 0 else {
            requests.submits[submit] = pending
            return
        }
        reply(pending.peer, pending.correlation, .submitReply(.with { $0.receipts = pending.receipts }))
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
            if admission.notBefore > now.wall { job.state = .delayed }
            add(job)
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
