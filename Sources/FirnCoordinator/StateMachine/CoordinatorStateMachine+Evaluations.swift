import FirnProtocol
import JobStore

/// Which of the jobs leased to a worker it evaluates. A worker evaluates what it was sent in order, so the first one has
/// begun; results and heartbeats say it again, since an order that changes may cross a job that begins.
extension CoordinatorStateMachine {
    /// The end of a turn: where a worker has ended what it evaluated, it has begun the next.
    mutating func advanceWorkers() {
        for peer in advancedWorkers {
            guard let session = workers[peer], !session.leases.contains(where: \.hasBegun),
                let next = session.leases.firstIndex(where: \.isSent)
            else { continue }
            begin(next, peer)
        }
        advancedWorkers.removeAll(keepingCapacity: true)
    }

    /// The worker says that it evaluates this one.
    mutating func evaluates(_ lease: WireLease, _ peer: Peer) {
        let id = JobID(rawValue: Int64(clamping: lease.job))
        guard let index = workers[peer]?.index(of: id, attempt: lease.attempt),
            workers[peer]?.leases[index].isSent ?? false
        else { return }
        begin(index, peer)
        if lease.cpuNs > 0 { learn(lease.cpuNs, of: id) }
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
        // A worker that reconnects goes on with what it had begun.
        if jobs[lease.job]?.evaluation == nil { jobs[lease.job]?.evaluation = Evaluation(began: now.steady) }
        if let job = jobs[lease.job] { changed(job) }
    }

    /// The worker says that the lease at this index waits, whatever was thought.
    mutating func waits(_ index: Int, _ peer: Peer) {
        guard let lease = workers[peer]?.leases[index], lease.hasBegun else { return }
        workers[peer]?.leases[index].began = nil
        jobs[lease.job]?.evaluation = nil
        move(lease.job, to: .held(peer))
    }

    /// What has been evaluated for a while is recorded: after a restart of the coordinator only such a job may be the
    /// reason that its worker is lost. Small jobs are over by then and cost the store nothing.
    mutating func storeBegin(_ lease: WorkerLease, _ peer: Peer) {
        guard let index = workers[peer]?.index(of: lease.job, attempt: lease.attempt),
            let job = jobs[lease.job]
        else { return }
        workers[peer]?.leases[index].isBeginStored = true
        store(.begin(lease.job, attempt: Int64(lease.attempt), at: job.started), .none)
    }
}
