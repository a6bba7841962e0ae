import FirnProtocol
import JobStore

/// Tracks which of its leased jobs a worker is evaluating. A worker evaluates jobs in the order in which it holds them,
/// so its first job is assumed to have begun. Results and heartbeats confirm or correct this, because a change of order
/// may cross a job that has just begun.
extension CoordinatorStateMachine {
    /// At the end of a turn, marks the next job as begun on each worker that has finished the previous one.
    mutating func advanceWorkers() {
        for peer in advancedWorkers {
            guard let session = workers[peer], !session.leases.contains(where: \.hasBegun),
                let next = session.leases.firstIndex(where: \.isSent)
            else { continue }
            begin(next, peer)
        }
        advancedWorkers.removeAll(keepingCapacity: true)
    }

    /// Handles a worker's statement that it is evaluating this job.
    mutating func confirmRunning(_ lease: WireLease, _ peer: Peer) {
        let id = JobID(rawValue: Int64(clamping: lease.job))
        guard let index = workers[peer]?.index(of: id, attempt: lease.attempt),
            workers[peer]?.leases[index].isSent ?? false
        else { return }
        begin(index, peer)
        if lease.cpuNs > 0 { recordUsage(lease.cpuNs, of: id) }
    }

    private mutating func begin(_ index: Int, _ peer: Peer) {
        guard var lease = workers[peer]?.leases[index] else { return }
        if index > 0 {
            workers[peer]?.leases.remove(at: index)
            workers[peer]?.leases.insert(lease, at: 0)
        }
        guard !lease.hasBegun else { return }
        lease.began = now.steady
        workers[peer]?.leases[0] = lease
        move(lease.job, to: .running(peer))
        jobs[lease.job]?.started = now.wall
        jobs[lease.job]?.hasEverBegun = true
        // After a reconnect the worker continues an evaluation that had already begun.
        if jobs[lease.job]?.evaluation == nil { jobs[lease.job]?.evaluation = Evaluation(began: now.steady) }
        if let job = jobs[lease.job] { notifyWatchers(of: job) }
    }

    /// Handles a worker's statement that the lease at this index is still waiting, contrary to what was assumed.
    mutating func markWaiting(_ index: Int, _ peer: Peer) {
        guard let lease = workers[peer]?.leases[index], lease.hasBegun else { return }
        workers[peer]?.leases[index].began = nil
        jobs[lease.job]?.evaluation = nil
        move(lease.job, to: .held(peer))
    }

    /// Records in the store that an evaluation has begun. This happens only once it has lasted for a sweep: after a
    /// restart of the coordinator, only a job recorded as begun can be blamed for the loss of its worker. Small jobs
    /// have finished by then and cost the store nothing.
    mutating func storeBegin(_ lease: WorkerLease, _ peer: Peer) {
        guard let index = workers[peer]?.index(of: lease.job, attempt: lease.attempt),
            let job = jobs[lease.job]
        else { return }
        workers[peer]?.leases[index].isBeginStored = true
        store(.begin(lease.job, attempt: Int64(lease.attempt), at: job.started), .none)
    }
}
