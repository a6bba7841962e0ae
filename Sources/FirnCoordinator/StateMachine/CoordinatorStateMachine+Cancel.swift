import FirnProtocol
import JobStore
import Platform

extension CoordinatorStateMachine {
    /// Cancels jobs. Waiting jobs end at once; for running ones the worker is asked to stop. The reply is sent once
    /// every outcome that the request caused is committed.
    mutating func cancel(_ cancel: WireCancel, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard (1...ProtocolLimits.namedJobs).contains(cancel.jobs.count) else {
            return refuse(
                peer, correlation, .malformedBody,
                "jobs: it names \(cancel.jobs.count) jobs, not 1 to \(ProtocolLimits.namedJobs)")
        }
        let number = newNumber()
        requests.cancels[number] = PendingCancel(
            peer: peer, correlation: correlation, effects: cancel.jobs.map { job in .with { $0.job = job } },
            remaining: cancel.jobs.count)
        let reason = cancel.reason.isEmpty ? "cancelled by \(session.identity)" : String(cancel.reason.prefix(1_000))
        for (index, job) in cancel.jobs.enumerated() {
            cancelJob(job, reason, session, (number, index))
        }
    }

    private mutating func cancelJob(
        _ number: UInt64, _ reason: String, _ session: ClientSession, _ cancel: (number: UInt64, index: Int)
    ) {
        guard let job = visible(number, to: session) else {
            return store(
                .probe(JobKey(number, tenant: session.tenant)), .probe(cancel: cancel.number, index: cancel.index))
        }
        let id = job.id
        switch job.state {
        case .leasing(let peer):
            // The assignment was not sent yet, so the worker never hears of the job and its credit is restored.
            workers[peer]?.drop(id)
            workers[peer]?.credit += 1
            advancedWorkers.insert(peer)
            conclude(id, .cancelled, reason, cancel: cancel)
        case .delayed, .queued, .orphaned, .building:
            conclude(id, .cancelled, reason, cancel: cancel)
        case .held(let peer), .running(let peer):
            if job.cancellation == nil {
                jobs[id]?.cancellation = (reason, now.steady + settings.cancelGrace.milliseconds)
                if let job = jobs[id] { requestCancel(job, of: peer) }
            }
            setEffect(cancel.number, cancel.index, .requested)
        case .concluding:
            setEffect(cancel.number, cancel.index, .alreadyFinished)
        }
    }

    /// Asks the worker to stop the attempt that it holds.
    mutating func requestCancel(_ job: Job, of peer: Peer) {
        let lease = WireLease.with {
            $0.job = UInt64(clamping: job.id.rawValue)
            $0.attempt = job.attempt
        }
        workers[peer]?.cancel(lease, reason: job.cancellation?.reason ?? "")
        changedWorkers.insert(peer)
    }

    /// Ends a job whose worker did not stop it within the grace time. Whatever the worker still sends about the attempt
    /// is stale.
    mutating func concludeCancelled(_ lease: WorkerLease, of peer: Peer) {
        guard let job = jobs[lease.job], let cancellation = job.cancellation else { return }
        workers[peer]?.drop(lease.job)
        advancedWorkers.insert(peer)
        conclude(lease.job, .cancelled, cancellation.reason, cancel: nil)
        reportStale(lease.job, lease.attempt, to: peer, "the job was cancelled")
    }

    /// Handles the store's reply about a job that the coordinator does not hold open.
    mutating func probed(_ reply: JobStoreReply, cancel: UInt64, index: Int) {
        switch reply {
        case .standing(.finished), .standing(.open): setEffect(cancel, index, .alreadyFinished)
        default: setEffect(cancel, index, .unknownJob)
        }
    }

    mutating func setEffect(_ number: UInt64, _ index: Int, _ effect: WireCancellation.Effect) {
        guard var pending = requests.cancels.removeValue(forKey: number) else { return }
        pending.effects[index].effect = effect
        pending.remaining -= 1
        guard pending.remaining == 0 else {
            requests.cancels[number] = pending
            return
        }
        reply(pending.peer, pending.correlation, .cancelReply(.with { $0.cancellations = pending.effects }))
    }
}
