import FirnProtocol
import Foundation
import JobStore
import Platform

/// How a lease begins and ends.
extension CoordinatorStateMachine {
    /// Handles the store's reply to a lease: the job may be sent now.
    mutating func leased(_ reply: JobStoreReply, _ id: JobID, _ peer: Peer, attempt: UInt32) {
        // Otherwise the job was cancelled or its worker was removed while the lease was being committed.
        guard let job = jobs[id], job.attempt == attempt, case .leasing(peer) = job.state else { return }
        guard reply == .applied, let session = workers[peer] else {
            if reply != .applied { metrics.storeRefusals += 1 }
            workers[peer]?.drop(id)
            advancedWorkers.insert(peer)
            return conclude(id, .internalError, "the store refused the lease of attempt \(attempt)", cancel: nil)
        }
        move(id, to: .held(peer))
        jobs[id]?.started = now.wall
        if let index = session.index(of: id, attempt: attempt) {
            workers[peer]?.leases[index].isSent = true
            workers[peer]?.leases[index].expires = now.steady + settings.lease.milliseconds
        }
        let assignment = assignment(of: job, to: session)
        workers[peer]?.assignments.append(assignment)
        changedWorkers.insert(peer)
        advancedWorkers.insert(peer)
        beginTrace(id, peer)
    }

    private func assignment(of job: Job, to session: WorkerSession) -> WireAssignment {
        .with {
            $0.job = UInt64(clamping: job.id.rawValue)
            $0.attempt = job.attempt
            $0.leaseMs = UInt32(clamping: settings.lease.milliseconds)
            $0.specification = job.admission.bytes
            $0.limits = job.admission.limits
            $0.tenant = tenants[job.tenant].name
            $0.buildFailures = job.builds.failures
            $0.aheadOf = session.successor(of: job.id).map { UInt64(clamping: $0.rawValue) } ?? 0
            if let prepared = job.requirement.prepared { $0.preparedIdentity = Data(prepared.identity) }
            guard !job.requirement.roots.isEmpty else { return }
            $0.roots = job.requirement.roots.keys.sorted().map { name in
                .with {
                    $0.name = name
                    $0.contentID = Data(session.roots[name] ?? [])
                }
            }
        }
    }

    /// Takes a lease back without blaming the job. The caller has removed the lease from the worker's session.
    mutating func returnLease(_ id: JobID) {
        guard let job = jobs[id], job.isLeased else { return }
        metrics.leasesReturned += 1
        accountInterrupted(id)
        if !job.hasEverBegun { releasePreparedSet(of: id) }
        store(.requeue(id, attempt: Int64(job.attempt)), .none)
        requeue(id)
    }

    /// Takes a lease back from a lost worker and counts the loss against the job. The caller has removed the lease from
    /// the worker's session.
    mutating func loseLease(_ id: JobID, worker: String, cause: String) {
        guard let job = jobs[id], job.isLeased else { return }
        metrics.leasesLost += 1
        accountInterrupted(id)
        let lost = LostWorker(attempt: Int64(job.attempt), worker: worker, cause: cause, at: now.wall)
        store(
            .lose(id, attempt: lost.attempt, worker: worker, cause: cause, at: lost.at), .none)
        jobs[id]?.lost.append(lost)
        guard job.lost.count + 1 >= settings.lostWorkersToQuarantine else { return requeue(id) }
        let causes = (job.lost + [lost]).map(\.textForTenant).joined(separator: "; ")
        conclude(id, .quarantined, "the job lost \(job.lost.count + 1) workers: \(causes)", cancel: nil)
    }

    mutating func requeue(_ id: JobID) {
        guard let job = jobs[id] else { return }
        jobs[id]?.valueParts = []
        jobs[id]?.valuePartBytes = 0
        endUpload(id, isKept: false)
        traces[id] = nil
        if let cancellation = job.cancellation {
            return conclude(id, .cancelled, cancellation.reason, cancel: nil)
        }
        guard job.admission.expires == 0 || job.admission.expires > now.wall else { return concludeUnavailable(job) }
        enqueue(id)
        notifyWatchers(of: job)
    }

    /// Removes a lost worker. Only the job that it was evaluating may be the cause. The others, which were waiting in
    /// the worker, are queued again without blame, so no job is quarantined because of its neighbour.
    mutating func loseWorker(_ peer: Peer, cause: String) {
        guard let session = removeWorker(peer) else { return }
        let running = session.runningIndex
        for (index, lease) in session.leases.enumerated() {
            if index == running {
                loseLease(lease.job, worker: session.hello.name, cause: cause)
            } else {
                returnLease(lease.job)
            }
        }
    }

    /// Commits an outcome decided by the coordinator. The caller has removed the lease from the worker's session.
    mutating func conclude(
        _ id: JobID, _ outcome: WireOutcomeKind, _ message: String, cancel: (number: UInt64, index: Int)?
    ) {
        let result = WireJobResult.with {
            $0.outcome = outcome
            $0.failure.message = Data(message.utf8)
        }
        accountInterrupted(id)
        endUpload(id, isKept: false)
        move(id, to: .concluding(result))
        let new = NewOutcome(code: Int32(clamping: outcome.rawValue), finished: now.wall, body: Data(result.encoded()))
        store(.conclude(id, new), .conclude(id, cancel: cancel))
    }

    mutating func concludeUnavailable(_ job: Job) {
        if case .blocked = job.state {
            let numbers = (preceding.awaited[job.id] ?? []).sorted().map(String.init).joined(separator: ", ")
            return conclude(
                job.id, .unavailable, "the jobs after which it was to run did not end in time: \(numbers)", cancel: nil)
        }
        let requirement = job.requirement.description
        conclude(job.id, .unavailable, "no worker took the job in time (it needs: \(requirement))", cancel: nil)
    }
}
