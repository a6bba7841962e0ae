import FirnProtocol
import JobStore
import Platform

/// Messages of workers, except results.
extension CoordinatorStateMachine {
    mutating func receive(
        _ envelope: Envelope<WorkerMessage>, from peer: Peer, _ identity: Identity, address: String
    ) {
        metrics.messagesReceived += 1
        guard identity.role == .worker else {
            return refuseWorker(
                peer, envelope.correlation, .notPermitted,
                "a key with the role \(identity.role.rawValue) may not use the endpoint for workers")
        }
        switch envelope.content {
        case .hello(let hello):
            guard envelope.correlation != 0 else {
                metrics.messagesRefused += 1
                return refuseWorker(
                    peer, 0, .malformedFrames, "the correlation id of a hello is 0: it needs one, since it is answered")
            }
            return acceptHello(hello, peer, identity, address, envelope.correlation)
        case .error: return
        default: break
        }
        guard let session = workers[peer], session.identity == identity, session.isConnected else {
            return refuseWorker(peer, envelope.correlation, .helloRequired, "this connection is not known: say hello")
        }
        workers[peer]?.lastHeard = now
        handle(envelope.content, from: peer)
    }

    private mutating func handle(_ message: WorkerMessage, from peer: Peer) {
        switch message {
        case .credit(let credit): add(Int(clamping: credit.jobs), creditOf: peer)
        case .heartbeat(let heartbeat): renew(heartbeat.leases, of: peer)
        case .resultSegment(let segment): receive(segment, from: peer)
        case .upload(let upload): receive(upload, from: peer)
        case .results(let results):
            for result in results.results { receive(result, from: peer) }
            if results.hasEvaluating { confirmRunning(results.evaluating, peer) }
        case .release(let release): self.release(release.leases, of: peer)
        case .goodbye: removeGracefully(peer)
        case .buildsEnded(let ended): endBuilds(ended, at: peer)
        case .preparedSets(let sets): announce(sets.sets, of: peer)
        case .hello, .error: break
        }
    }

    mutating func refuseWorker(
        _ peer: Peer, _ correlation: UInt64, _ code: WireErrorCode, _ message: String, retryAfter: UInt64 = 0
    ) {
        metrics.refusals[code.name, default: 0] += 1
        let error = ProtocolError(code, message, retryAfter: retryAfter)
        actions.append(.command(peer, correlation: correlation, .error(error.wire)))
    }

    private mutating func add(_ jobs: Int, creditOf peer: Peer) {
        guard let session = workers[peer], !session.isDraining else { return }
        workers[peer]?.credit = min(session.credit + jobs, WorkerSession.maximumCredit)
    }

    /// Renews the leases that the worker names and still holds. Those that it does not name expire.
    private mutating func renew(_ leases: [WireLease], of peer: Peer) {
        for lease in leases {
            let id = JobID(rawValue: Int64(clamping: lease.job))
            if let index = workers[peer]?.index(of: id, attempt: lease.attempt) {
                workers[peer]?.leases[index].expires = now.steady + settings.lease.milliseconds
                if !lease.running { markWaiting(index, peer) }
            } else if !isConcluding(id, attempt: lease.attempt) {
                reportStale(id, lease.attempt, to: peer, "the lease is not held any more")
            }
        }
        if let running = leases.first(where: \.running) { confirmRunning(running, peer) }
        actions.append(.command(peer, correlation: 0, .heartbeat(WireHeartbeat())))
    }

    /// Whether the result of this attempt is being committed. Its worker will be told, and holds no lease any more.
    func isConcluding(_ id: JobID, attempt: UInt32) -> Bool {
        guard let job = jobs[id], job.attempt == attempt, case .concluding = job.state else { return false }
        return true
    }

    private mutating func release(_ leases: [WireLease], of peer: Peer) {
        workers[peer]?.credit = 0
        for lease in leases {
            let id = JobID(rawValue: Int64(clamping: lease.job))
            if workers[peer]?.index(of: id, attempt: lease.attempt) != nil {
                workers[peer]?.drop(id)
                advancedWorkers.insert(peer)
                returnLease(id)
            } else if !isConcluding(id, attempt: lease.attempt) {
                reportStale(id, lease.attempt, to: peer, "the lease is not held any more")
            }
        }
    }

    /// Removes a worker that has left in an orderly way. Its leases are queued again without blame.
    mutating func removeGracefully(_ peer: Peer) {
        guard let session = removeWorker(peer) else { return }
        for lease in session.leases { returnLease(lease.job) }
    }

    mutating func removeWorker(_ peer: Peer) -> WorkerSession? {
        guard let session = workers.removeValue(forKey: peer) else { return nil }
        if workerNames[session.hello.name] == peer { workerNames[session.hello.name] = nil }
        changedWorkers.remove(peer)
        advancedWorkers.remove(peer)
        forgetBuilds(session.building)
        return session
    }

    /// A message found no connection. A client loses its session; a worker may reconnect and keep its leases.
    mutating func handleUnreachable(_ peer: Peer) {
        guard peer.endpoint == .workers else { return forgetClient(peer) }
        guard let session = workers[peer] else { return }
        workers[peer]?.isConnected = false
        workers[peer]?.credit = 0
        forgetBuilds(session.building)
        for lease in session.leases where !lease.isSent {
            workers[peer]?.drop(lease.job)
            returnLease(lease.job)
        }
        if workers[peer]?.leases.isEmpty ?? false { _ = removeWorker(peer) }
    }

    func isAlive(_ session: WorkerSession) -> Bool {
        session.isConnected && now.steady - session.lastHeard.steady < settings.silenceMs
    }

    mutating func reportStale(_ id: JobID, _ attempt: UInt32, to peer: Peer, _ reason: String) {
        let stale = staleLease(id, attempt, reason)
        workers[peer]?.stale.append(stale)
        changedWorkers.insert(peer)
    }

    func staleLease(_ id: JobID, _ attempt: UInt32, _ reason: String) -> WireStaleLease {
        .with {
            $0.job = UInt64(clamping: id.rawValue)
            $0.attempt = attempt
            if let job = jobs[id], job.isLeased { $0.currentAttempt = job.attempt }
            $0.reason = reason
        }
    }

    /// Sends each worker what the turn produced: commits, stale leases, cancellations, and then new jobs.
    mutating func flushWorkers() {
        for peer in changedWorkers {
            guard let session = workers[peer] else { continue }
            if !session.committed.isEmpty {
                command(peer, .resultsCommitted(.with { $0.leases = session.committed }))
            }
            if !session.stale.isEmpty { command(peer, .stale(.with { $0.leases = session.stale })) }
            for cancellation in session.cancellations { command(peer, .cancelAttempts(cancellation)) }
            sendAssignments(session.assignments, to: peer)
            workers[peer]?.clearOutbox()
        }
        changedWorkers.removeAll(keepingCapacity: true)
    }

    /// Sends assignments in messages that stay well below the largest frame.
    private mutating func sendAssignments(_ assignments: [WireAssignment], to peer: Peer) {
        var part = WireDispatch()
        var bytes = 0
        for assignment in assignments {
            if bytes + assignment.specification.count > Self.messageBytes, !part.assignments.isEmpty {
                command(peer, .dispatch(part))
                part = WireDispatch()
                bytes = 0
            }
            part.assignments.append(assignment)
            bytes += assignment.specification.count
        }
        if !part.assignments.isEmpty { command(peer, .dispatch(part)) }
        metrics.dispatched += assignments.count
    }

    mutating func command(_ peer: Peer, _ command: WorkerCommand) {
        actions.append(.command(peer, correlation: 0, command))
    }

    /// Bytes at which a message that holds several items is split. A single item may be larger.
    static let messageBytes = 4 << 20
}
