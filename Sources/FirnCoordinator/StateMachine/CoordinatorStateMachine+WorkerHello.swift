import FirnProtocol
import JobStore
import Platform

extension CoordinatorStateMachine {
    /// Handles a worker's hello, which says who the worker is and which leases it holds.
    mutating func acceptHello(
        _ hello: WireWorkerHello, _ peer: Peer, _ identity: Identity, _ address: String, _ correlation: UInt64
    ) {
        if let fault = hello.fault { return refuseWorker(peer, correlation, .malformedBody, fault) }
        if let old = workers[peer], !old.isSameProcess(hello, identity) { removeGracefully(peer) }
        guard let inherited = takeOver(hello, identity, peer, correlation) else { return }
        var session = WorkerSession(peer: peer, identity: identity, address: address, hello: hello, time: now)
        session.finished = inherited?.finished ?? 0
        workers[peer] = session
        workerNames[hello.name] = peer
        let welcome = WireWorkerWelcome.with {
            $0.software = software
            $0.instance = .init(instance)
            $0.leaseMs = UInt32(clamping: settings.lease.milliseconds)
            $0.heartbeatMs = UInt32(clamping: settings.heartbeat.milliseconds)
            $0.inlineResultBytes = UInt64(clamping: settings.inlineResultBytes)
            $0.segmentBytes = UInt64(clamping: settings.segmentBytes)
            $0.traceEndpoint = settings.traceEndpoint
            $0.uploadWindowBytes = UInt64(clamping: settings.uploadWindowBytes)
            $0.preparedSets = true
        }
        actions.append(.command(peer, correlation: correlation, .welcome(welcome)))
        reconcileLeases(hello, of: peer, inherited: inherited?.leases ?? [])
    }

    /// Ends the session that holds the worker's name, if that is allowed. A process whose supervisor saw the holder end
    /// replaces it at once.
    ///
    /// - Returns: the old session if it was of the same process, `.some(nil)` if the name is free, nil if the hello was
    ///   refused.
    private mutating func takeOver(
        _ hello: WireWorkerHello, _ identity: Identity, _ peer: Peer, _ correlation: UInt64
    ) -> WorkerSession?? {
        guard let holder = workerNames[hello.name], let session = workers[holder] else { return .some(nil) }
        if session.isSameProcess(hello, identity) { return .some(removeWorker(holder)) }
        if session.isPredecessor(of: hello, identity) {
            end(holder, hello.predecessor)
            return .some(nil)
        }
        guard !isAlive(session) else {
            refuseWorker(
                peer, correlation, .notPermitted,
                "the name '\(hello.name)' is held by a worker at \(session.address): choose another, or wait",
                retryAfter: UInt64(clamping: settings.silenceMs))
            return nil
        }
        loseWorker(holder, cause: "the worker was restarted")
        return .some(nil)
    }

    /// Ends the session of a process that has ended. The job that it was evaluating, if any, is blamed; the others were
    /// only waiting.
    private mutating func end(_ holder: Peer, _ predecessor: WirePredecessor) {
        guard let session = removeWorker(holder) else { return }
        for lease in session.leases {
            if predecessor.isBlamed(lease.job, attempt: lease.attempt) {
                loseLease(lease.job, worker: session.hello.name, cause: predecessor.cause)
            } else {
                returnLease(lease.job)
            }
        }
    }

    /// Compares the leases that the worker names with those that it should hold. Current ones continue. Those that it
    /// does not name never reached it, and are queued again without blame.
    private mutating func reconcileLeases(_ hello: WireWorkerHello, of peer: Peer, inherited: [WorkerLease]) {
        let named = Dictionary(
            hello.leases.map { (JobID(rawValue: Int64(clamping: $0.job)), $0) }, uniquingKeysWith: { first, _ in first }
        )
        var kept: Set<JobID> = []
        for old in inherited {
            if old.isSent, let lease = named[old.job], lease.attempt == old.attempt {
                restoreLease(old.job, lease, peer)
                kept.insert(old.job)
            } else {
                returnLease(old.job)
            }
        }
        for id in (orphans.removeValue(forKey: hello.name) ?? []).sorted() {
            guard let job = jobs[id], case .orphaned = job.state else { continue }
            if let lease = named[id], lease.attempt == job.attempt {
                restoreLease(id, lease, peer)
                kept.insert(id)
            } else if hello.predecessor.isBlamed(id, attempt: job.attempt) {
                // The process ended while no coordinator was running.
                loseLease(id, worker: hello.name, cause: hello.predecessor.cause)
            } else {
                returnLease(id)
            }
        }
        for (id, lease) in named where !kept.contains(id) && !isConcluding(id, attempt: lease.attempt) {
            reportStale(id, lease.attempt, to: peer, "the lease is not held any more")
        }
    }

    private mutating func restoreLease(_ id: JobID, _ named: WireLease, _ peer: Peer) {
        guard let job = jobs[id] else { return }
        let charge = job.charge ?? charge(job)
        move(id, to: .held(peer))
        var lease = WorkerLease(
            job: id, attempt: named.attempt,
            order: DispatchOrder(
                tenant: job.tenant, job: QueuedJob(priority: job.admission.priority, id: id),
                virtualTime: tenants[job.tenant].share.settled,
                keyTime: tenants[job.tenant].keys[job.admission.key].share.settled),
            expected: charge.expected, memoryBytes: job.admission.limits.memoryBytes,
            expires: now.steady + settings.lease.milliseconds)
        lease.isSent = true
        workers[peer]?.leases.append(lease)
        if named.running {
            confirmRunning(named, peer)
        } else {
            jobs[id]?.evaluation = nil
        }
        if let job = jobs[id], job.cancellation != nil { requestCancel(job, of: peer) }
        beginTrace(id, peer)
    }
}
