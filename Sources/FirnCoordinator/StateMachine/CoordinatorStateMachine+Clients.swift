import FirnProtocol
import JobStore
import Platform

/// Requests of clients and operators.
extension CoordinatorStateMachine {
    mutating func receive(_ envelope: Envelope<ClientRequest>, from peer: Peer, _ identity: Identity) {
        metrics.messagesReceived += 1
        guard identity.role == peer.endpoint.role else {
            return refuse(
                peer, envelope.correlation, .notPermitted,
                "a key with the role \(identity.role.rawValue) may not use the endpoint for \(peer.endpoint.rawValue)")
        }
        let session = clients[peer].flatMap { $0.identity == identity ? $0 : nil }
        if session != nil { clients[peer]?.lastHeard = now.steady }
        guard envelope.correlation != 0 || !envelope.content.isQuestion else {
            metrics.messagesRefused += 1
            return refuse(
                peer, 0, .malformedFrames,
                "the correlation id is 0: a question needs one, so that its answer can be told from others")
        }
        switch envelope.content {
        case .hello: return welcome(peer, identity, envelope.correlation)
        case .pong, .error: return
        default: break
        }
        guard let session else {
            return refuse(peer, envelope.correlation, .helloRequired, "this connection is not known: say hello")
        }
        answer(envelope.content, from: peer, session, envelope.correlation)
    }

    private mutating func answer(
        _ request: ClientRequest, from peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) {
        switch request {
        case .submit(let submit): self.submit(submit, from: peer, session, correlation)
        case .get(let get): self.get(get, from: peer, session, correlation)
        case .watch(let watch): self.watch(watch, from: peer, session, correlation)
        case .unwatch(let unwatch): endWatch(WatchID(peer: peer, correlation: unwatch.correlation))
        case .readResult(let read): self.read(.result(read), for: peer, correlation)
        case .listJobs(let list): listJobs(list, for: peer, session, correlation)
        case .readTrace(let trace): readTrace(trace, from: peer, session, correlation)
        case .readClosure(let closure): readClosure(closure, from: peer, session, correlation)
        case .readObjects(let objects): readObjects(objects, from: peer, session, correlation)
        case .cancel(let cancel): self.cancel(cancel, from: peer, session, correlation)
        case .getQueue: reply(peer, correlation, .queueReport(queueReport(for: session)))
        case .listWorkers: listWorkers(for: peer, session, correlation)
        case .drain(let drain): self.drain(drain, from: peer, session, correlation)
        case .explain(let explain): self.explain(explain.job, for: peer, session, correlation)
        case .retry(let retry): self.retry(retry, from: peer, session, correlation)
        case .listTenants(let list): listTenants(list, for: peer, session, correlation)
        case .changeTenant(let change): changeTenant(change, from: peer, session, correlation)
        case .changeKey(let change): changeKey(change, from: peer, session, correlation)
        case .ping: reply(peer, correlation, .pong(WirePong()))
        case .hello, .pong, .error: break
        }
    }

    private mutating func welcome(_ peer: Peer, _ identity: Identity, _ correlation: UInt64) {
        if clients[peer]?.identity != identity {
            forgetClient(peer)
            if let fault = connectionFault(identity) {
                return refuseForNow(peer, correlation, .quotaExceeded, fault, retryAfter: 1_000)
            }
            clients[peer] = ClientSession(
                number: newNumber(), identity: identity, lastHeard: now.steady, lastRead: now.steady)
            clientLoads[identity.tenant?.name ?? Self.operators, default: ClientLoad()].connections += 1
        }
        clients[peer]?.lastHeard = now.steady
        let welcome = WireClientWelcome.with {
            $0.software = software
            $0.instance = .init(instance)
            $0.role = identity.role.rawValue
            $0.tenant = identity.tenant?.name ?? ""
            $0.keyName = identity.keyName
            $0.batchJobs = UInt32(clamping: settings.batchJobs)
            $0.batchBytes = UInt64(clamping: settings.batchBytes)
            $0.jobBytes = UInt64(clamping: settings.jobBytes)
            $0.heartbeatMs = UInt32(clamping: settings.heartbeat.milliseconds)
            $0.inlineResultBytes = UInt64(clamping: settings.inlineResultBytes)
            $0.closures = true
            $0.closureCache = settings.closureCache != nil
            $0.preparedSets = true
            $0.scheduling = true
        }
        reply(peer, correlation, .welcome(welcome))
    }

    /// Why the identity may not open another connection; nil if it may.
    private func connectionFault(_ identity: Identity) -> String? {
        guard clients.count < settings.maximumSessions else {
            return "the coordinator has as many clients as it takes (maximumSessions): try again later"
        }
        guard let tenant = identity.tenant?.name else { return nil }
        let most = settings.policy(of: tenant).maximumConnections
        guard clientLoads[tenant, default: ClientLoad()].connections >= most else { return nil }
        return "tenant \(tenant) has \(most) connections, which is its limit: close some, or share one"
    }

    private mutating func listJobs(
        _ list: WireListJobs, for peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) {
        guard list.tenant.utf8.count <= ProtocolLimits.nameBytes else {
            return refuse(
                peer, correlation, .malformedBody, "tenant: it has more than \(ProtocolLimits.nameBytes) bytes")
        }
        read(.list(list), for: peer, correlation)
    }

    /// Answers a message that does not follow the protocol.
    mutating func refuse(_ error: ProtocolError, from peer: Peer) {
        metrics.messagesReceived += 1
        metrics.messagesRefused += 1
        metrics.refusals[error.code.name, default: 0] += 1
        unreadable[peer, default: 0] += 1
        guard unreadable[peer, default: 0] <= Self.answeredUnreadable else { return }
        if peer.endpoint == .workers {
            actions.append(.command(peer, correlation: error.correlation, .error(error.wire)))
        } else {
            reply(peer, error.correlation, .error(error.wire))
        }
    }

    /// How many unreadable messages of one peer are answered between two sweeps. Further ones are only counted.
    private static let answeredUnreadable = 20

    /// Whether the peer has said hello, and is neither gone nor given up.
    func hasSession(_ peer: Peer) -> Bool { clients[peer] != nil || workers[peer] != nil }

    /// Removes a client's session with its watches and waiting requests.
    mutating func forgetClient(_ peer: Peer) {
        guard let session = clients[peer] else { return }
        for correlation in session.watches.keys { endWatch(WatchID(peer: peer, correlation: correlation)) }
        for number in session.waits {
            guard let wait = requests.waits.removeValue(forKey: number) else { continue }
            jobs[wait.job]?.waits.removeAll { $0 == number }
        }
        clients[peer] = nil
        let owner = session.tenant ?? Self.operators
        clientLoads[owner]?.connections -= 1
        if clientLoads[owner]?.connections == 0 { clientLoads[owner] = nil }
    }

    /// The open job with that number, if the client may see it. A tenant counts its own jobs; an operator uses the
    /// coordinator's ids.
    func visible(_ number: UInt64, to session: ClientSession) -> Job? {
        let number = Int64(clamping: number)
        guard let name = session.tenant else { return jobs[JobID(rawValue: number)] }
        guard let tenant = tenantIndex[name] else { return nil }
        return jobsByNumber[TenantJob(tenant: tenant, number: number)].flatMap { jobs[$0] }
    }
}
