import FirnProtocol
import JobStore

/// What clients and operators ask.
extension CoordinatorMachine {
    mutating func receive(_ envelope: Envelope<ClientRequest>, from peer: Peer, _ identity: Identity) {
        metrics.messagesReceived += 1
        guard identity.role == peer.endpoint.role else {
            return refuse(
                peer, envelope.correlation, .notPermitted,
                "a key with the role \(identity.role.rawValue) may not use the endpoint for \(peer.endpoint.rawValue)")
        }
        let session = clients[peer].flatMap { $0.identity == identity ? $0 : nil }
        if session != nil { clients[peer]?.lastHeard = now.steady }
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
        case .readResult(let read): self.read(.result(read), for: peer, session, correlation)
        case .listJobs(let list): self.read(.list(list), for: peer, session, correlation)
        case .readTrace(let trace): readTrace(trace, from: peer, session, correlation)
        case .cancel(let cancel): self.cancel(cancel, from: peer, session, correlation)
        case .getQueue: reply(peer, correlation, .queueReport(queueReport(for: session)))
        case .listWorkers: listWorkers(for: peer, session, correlation)
        case .drain(let drain): self.drain(drain, from: peer, session, correlation)
        case .ping: reply(peer, correlation, .pong(WirePong()))
        case .hello, .pong, .error: break
        }
    }

    private mutating func welcome(_ peer: Peer, _ identity: Identity, _ correlation: UInt64) {
        guard clients[peer] != nil || clients.count < settings.maximumSessions else {
            return reply(
                peer, correlation,
                .error(
                    .with {
                        $0.code = .quotaExceeded
                        $0.message = "\(clients.count) clients are connected and no more are taken"
                        $0.retryAfterMs = 1_000
                    }))
        }
        if clients[peer]?.identity != identity {
            forgetClient(peer)
            clients[peer] = ClientSession(identity: identity, lastHeard: now.steady)
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
            $0.heartbeatMs = UInt32(clamping: settings.heartbeatMs)
            $0.inlineResultBytes = UInt64(clamping: settings.inlineResultBytes)
        }
        reply(peer, correlation, .welcome(welcome))
    }

    /// Answers what is no message of the protocol.
    mutating func refuse(_ error: ProtocolError, from peer: Peer) {
        metrics.messagesReceived += 1
        metrics.messagesRefused += 1
        faults[peer, default: 0] += 1
        guard faults[peer, default: 0] <= Self.answeredFaults else { return }
        if peer.endpoint == .workers {
            actions.append(.command(peer, correlation: error.correlation, .error(error.wire)))
        } else {
            reply(peer, error.correlation, .error(error.wire))
        }
    }

    /// Unreadable messages of a peer that are answered between two surveys; more are only counted.
    private static let answeredFaults = 20

    /// Ends a client's watches and waits.
    mutating func forgetClient(_ peer: Peer) {
        guard let session = clients[peer] else { return }
        for correlation in session.watches.keys { endWatch(WatchID(peer: peer, correlation: correlation)) }
        for number in session.waits {
            guard let wait = waits.removeValue(forKey: number) else { continue }
            jobs[wait.job]?.waits.removeAll { $0 == number }
        }
        clients[peer] = nil
    }

    mutating func read(
        _ question: CoordinatorRead.Question, for peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) {
        actions.append(
            .read(CoordinatorRead(peer: peer, correlation: correlation, tenant: session.tenant, question: question)))
    }

    /// The open job, if the client may see it.
    func visible(_ number: UInt64, to session: ClientSession) -> Job? {
        guard let job = jobs[JobID(rawValue: Int64(clamping: number))] else { return nil }
        return session.tenant == nil || tenants[job.tenant].name == session.tenant ? job : nil
    }
}
