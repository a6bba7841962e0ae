import FirnProtocol
import HeapModule
import JobStore
import Platform

/// Timers and the periodic sweep.
extension CoordinatorStateMachine {
    mutating func tick() {
        // After a stall of this process, messages that arrived meanwhile may still be unread. Nobody is given up for
        // one heartbeat.
        if now.steady - sweep.lastTick > settings.silenceMs / 2 {
            sweep.graceUntil = now.steady + settings.heartbeat.milliseconds
        }
        sweep.lastTick = now.steady
        while let delay = timers.notBefore.min, delay.time <= now.wall, let due = timers.notBefore.popMin() {
            begin(due.key)
        }
        while let expiry = timers.expiries.min, expiry.time <= now.wall, let due = timers.expiries.popMin() {
            expire(due.key)
        }
        while let wait = timers.waitEnds.min, wait.time <= now.steady, let due = timers.waitEnds.popMin() {
            endWait(due.key)
        }
        guard now.steady >= sweep.next else { return }
        sweep.next = now.steady + max(settings.heartbeat.milliseconds / 4, 10)
        guard now.steady >= sweep.graceUntil else { return }
        sweepWorkers()
        sweepOrphans()
        sweepRequirements()
        sweepClients()
        sweepTraces()
        pruneTimers()
        unreadable.removeAll()
    }

    private mutating func begin(_ id: JobID) {
        guard let job = jobs[id], case .delayed = job.state else { return }
        enqueue(id)
        notifyWatchers(of: job)
    }

    private mutating func expire(_ id: JobID) {
        guard let job = jobs[id], job.isWaiting else { return }
        concludeUnavailable(job)
    }

    private mutating func sweepWorkers() {
        for session in Array(workers.values) {
            let isSilent = !isAlive(session)
            let running = session.runningIndex
            if let cause = overrun(running.map { session.leases[$0] }, of: session) {
                loseWorker(session.peer, cause: cause)
                continue
            }
            for (index, lease) in session.leases.enumerated() where lease.isSent {
                if lease.expires <= now.steady {
                    expireLease(lease, of: session, isBlamed: !isSilent || index == running, isSilent: isSilent)
                } else if let cancellation = jobs[lease.job]?.cancellation, cancellation.deadline <= now.steady {
                    concludeCancelled(lease, of: session.peer)
                } else if lease.hasBegun, !lease.isBeginStored {
                    storeBegin(lease, session.peer)
                }
            }
            if isSilent, workers[session.peer]?.leases.isEmpty ?? false { _ = removeWorker(session.peer) }
        }
    }

    /// Why a worker loses the job that it evaluates, or should evaluate, long after the deadline at which it should have
    /// ended it; nil as long as it does not. A worker's own watchdog comes first.
    ///
    /// - Parameter first: the first lease that the worker has not ended. The time counts from when it became the first.
    private mutating func overrun(_ first: WorkerLease?, of session: WorkerSession) -> String? {
        guard let first, let timeout = jobs[first.job]?.admission.limits.timeoutMs,
            let known = session.first, known.job == first.job, known.attempt == first.attempt
        else {
            workers[session.peer]?.first = first.map { ($0.job, $0.attempt, now.steady) }
            return nil
        }
        let deadline = Int64(clamping: timeout)
        let taken = now.steady - known.since
        let (most, overflow) = deadline.addingReportingOverflow(max(deadline, Self.overrunMs))
        guard !overflow, taken >= most else { return nil }
        return "the worker has not ended the job after \(taken) ms, although its deadline was at \(deadline) ms"
    }

    private mutating func expireLease(
        _ lease: WorkerLease, of session: WorkerSession, isBlamed: Bool, isSilent: Bool
    ) {
        workers[session.peer]?.drop(lease.job)
        advancedWorkers.insert(session.peer)
        reportStale(lease.job, lease.attempt, to: session.peer, "the lease ran out")
        guard isBlamed else { return returnLease(lease.job) }
        let silence = now.steady - session.lastHeard.steady
        let cause =
            isSilent
            ? "the lease ran out: nothing was heard of the worker for \(silence) ms"
            : "the lease ran out: the worker named the job in no heartbeat for \(settings.lease.milliseconds) ms"
        loseLease(lease.job, worker: session.hello.name, cause: cause)
    }

    /// Takes back the jobs of workers that held them before this start and did not reconnect in time.
    private mutating func sweepOrphans() {
        for (worker, ids) in orphans {
            for id in ids.sorted() {
                guard let job = jobs[id], case .orphaned(_, let until, let hasBegun) = job.state else {
                    orphans[worker]?.remove(id)
                    continue
                }
                guard until <= now.steady else { continue }
                orphans[worker]?.remove(id)
                guard hasBegun else {
                    returnLease(id)
                    continue
                }
                loseLease(id, worker: worker, cause: "the worker did not come back after the coordinator's restart")
            }
            if orphans[worker]?.isEmpty ?? false { orphans[worker] = nil }
        }
    }

    /// Ends jobs that name no expiry and for which no suitable worker was connected for too long.
    private mutating func sweepRequirements() {
        var waiting: Set<Requirement> = []
        for tenant in tenants where tenant.ready > 0 && !tenant.policy.isPaused {
            waiting.formUnion(tenant.queues.keys.lazy.map(\.requirement))
        }
        lastAvailable = lastAvailable.filter { waiting.contains($0.key) }
        for requirement in waiting {
            let isServed = workers.values.contains {
                isAlive($0) && !$0.isDraining && ($0.satisfies(requirement) || $0.canPrepare(requirement))
            }
            if isServed || lastAvailable[requirement] == nil { lastAvailable[requirement] = now.steady }
            guard now.steady - (lastAvailable[requirement] ?? 0) >= settings.unavailableAfter.milliseconds else {
                continue
            }
            for job in jobs.values where job.isQueued && job.requirement == requirement {
                // A tenant that was paused must not find its jobs ended.
                guard !tenants[job.tenant].policy.isPaused else { continue }
                guard job.admission.expires == 0, now.steady - job.ready >= settings.unavailableAfter.milliseconds
                else {
                    continue
                }
                concludeUnavailable(job)
            }
        }
    }

    /// Removes connections that are silent, as the protocol says, and those that were unused for long. A client that
    /// was only slow is asked for a hello and then watches its unfinished jobs again. Clients that read none of their
    /// queued replies are dropped.
    private mutating func sweepClients() {
        for (peer, session) in clients {
            let bound = session.watches.isEmpty ? Self.forgottenAfterMs : settings.silenceMs
            if now.steady - session.lastHeard >= bound {
                endWaits(of: peer)
                forgetClient(peer)
            } else if answers.bytes(of: peer) > 0, now.steady - session.lastRead >= settings.stalledAfter.milliseconds {
                drop(peer)
            }
        }
    }

    private mutating func sweepTraces() {
        for (id, tally) in traces {
            if let ends = tally.ends, ends <= now.steady { traces[id] = nil }
        }
    }

    /// Timers are not removed from the heaps early. When most entries are obsolete, a heap is rebuilt.
    private mutating func pruneTimers() {
        let slack = 2 * jobs.count + 1_000
        if timers.notBefore.count > slack {
            timers.notBefore = Heap()
            for job in jobs.values {
                if case .delayed = job.state {
                    timers.notBefore.insert(Due(time: job.admission.notBefore, key: job.id))
                }
            }
        }
        if timers.expiries.count > slack {
            timers.expiries = Heap()
            for job in jobs.values where job.admission.expires > 0 {
                timers.expiries.insert(Due(time: job.admission.expires, key: job.id))
            }
        }
        if timers.waitEnds.count > 2 * requests.waits.count + 1_000 {
            timers.waitEnds = Heap()
            for (number, wait) in requests.waits { timers.waitEnds.insert(Due(time: wait.until, key: number)) }
        }
    }

    /// How long after its deadline a job may go on, at least.
    private static let overrunMs: Int64 = 30_000
    /// Silence after which a client's connection without watches must say hello again.
    private static let forgottenAfterMs: Int64 = 600_000
}
