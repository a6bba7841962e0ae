import FirnProtocol
import JobStore
import Platform

extension CoordinatorStateMachine {
    /// Cancels jobs. Waiting jobs end at once; for running ones the worker is asked to stop. The reply is sent once
    /// every outcome that the request caused is committed.
    mutating func cancel(_ cancel: WireCancel, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        if cancel.hasFilter { return selectToCancel(cancel, for: peer, correlation) }
        guard (1...ProtocolLimits.namedJobs).contains(cancel.jobs.count) else {
            return refuse(
                peer, correlation, .malformedBody,
                "jobs: it names \(cancel.jobs.count) jobs, not 1 to \(ProtocolLimits.namedJobs)")
        }
        self.cancel(cancel.jobs, reason: cancel.reason, nextBefore: 0, for: peer, session, correlation)
    }

    /// - Parameter nextBefore: what the reply says of further jobs.
    mutating func cancel(
        _ numbers: [UInt64], reason: String, nextBefore: UInt64, for peer: Peer, _ session: ClientSession,
        _ correlation: UInt64
    ) {
        guard !numbers.isEmpty else {
            return reply(peer, correlation, .cancelReply(.with { $0.nextBefore = nextBefore }))
        }
        let number = newNumber()
        requests.cancels[number] = PendingCancel(
            peer: peer, correlation: correlation, effects: numbers.map { job in .with { $0.job = job } },
            remaining: numbers.count, nextBefore: nextBefore)
        let reason = reason.isEmpty ? "cancelled by \(session.identity)" : String(reason.prefix(1_000))
        for (index, job) in numbers.enumerated() {
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
        if let effect = stop(job, reason: reason, cancel: cancel) { setEffect(cancel.number, cancel.index, effect) }
    }

    /// Ends a job that waits, or asks its worker to stop it.
    ///
    /// - Parameters:
    ///   - job: an open job.
    ///   - reason: the message of the outcome of a job that had not begun.
    ///   - cancel: what waits until an outcome is committed.
    /// - Returns: the effect; nil if it is known when the outcome is committed.
    mutating func stop(
        _ job: Job, reason: String, cancel: (number: UInt64, index: Int)?
    ) -> WireCancellation.Effect? {
        switch job.state {
        case .leasing(let peer):
            // The assignment was not sent yet, so the worker never hears of the job and its credit is restored.
            workers[peer]?.drop(job.id)
            workers[peer]?.credit += 1
            advancedWorkers.insert(peer)
            conclude(job.id, .cancelled, reason, cancel: cancel)
            return nil
        case .delayed, .blocked, .queued, .orphaned, .building:
            conclude(job.id, .cancelled, reason, cancel: cancel)
            return nil
        case .held(let peer), .running(let peer):
            if job.cancellation == nil {
                jobs[job.id]?.cancellation = (reason, now.steady + settings.cancelGrace.milliseconds)
                if let job = jobs[job.id] { requestCancel(job, of: peer) }
            }
            return .requested
        case .concluding: return .alreadyFinished
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
        let reply = WireCancelReply.with {
            $0.cancellations = pending.effects
            $0.nextBefore = pending.nextBefore
        }
        self.reply(pending.peer, pending.correlation, .cancelReply(reply))
    }
}
