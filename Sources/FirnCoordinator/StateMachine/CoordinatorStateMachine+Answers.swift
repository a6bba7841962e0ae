import FirnProtocol

/// What goes to clients. All of it passes `reply`, so that what waits for a client is known and bounded.
///
/// A small answer has its place beside large ones: what a client asks, it is told. What may be large (updates, results, lists) is only
/// begun when `hasRoom` says so, and else waits where it is: in the store, or as the number of a job.
extension CoordinatorStateMachine {
    mutating func reply(_ peer: Peer, _ correlation: UInt64, _ reply: ClientReply) {
        let bytes = reply.bytes
        guard hasPlace(for: bytes, to: peer) else { return drop(peer) }
        send(reply, to: peer, correlation)
    }

    /// Whether an answer goes out that the client is told at once or never. The bounds are passed by so much for each
    /// connection, so that a client which reads its large answers slowly has its questions answered.
    private func hasPlace(for bytes: Int, to peer: Peer) -> Bool {
        let own = answers.bytes(of: peer) + bytes
        guard own > Self.smallAnswerBytes else { return true }
        guard let session = clients[peer], own <= settings.connectionAnswerBytes + Self.smallAnswerBytes,
            answers.total + bytes <= settings.answerBytes + clients.count * Self.smallAnswerBytes
        else { return false }
        let owner = owner(of: session)
        let most = owner.bound + clientLoads[owner.name, default: ClientLoad()].connections * Self.smallAnswerBytes
        return answers.bytes(ofTenant: owner.name) + bytes <= most
    }

    /// In whose account the client's answers are. Operators have one of their own, so that no tenant holds them up.
    private func owner(of session: ClientSession) -> (name: String, bound: Int) {
        guard let tenant = session.tenant else { return (Self.operators, settings.answerBytes) }
        return (tenant, settings.policy(of: tenant).answerBytes)
    }

    /// Sends an answer that room was found for.
    mutating func send(_ reply: ClientReply, to peer: Peer, _ correlation: UInt64) {
        reserve(reply.bytes, for: peer)
        actions.append(.reply(peer, correlation: correlation, reply))
    }

    mutating func refuse(_ peer: Peer, _ correlation: UInt64, _ code: WireErrorCode, _ message: String) {
        reply(peer, correlation, .error(ProtocolError(code, message).wire))
    }

    /// Whether an answer with so many bytes may go to the client now.
    func hasRoom(for bytes: Int, to peer: Peer) -> Bool {
        answers.hasRoom(for: bytes, to: peer, owner: clients[peer].map(owner))
    }

    /// Counts bytes as waiting for the client.
    mutating func reserve(_ bytes: Int, for peer: Peer) {
        if answers.bytes(of: peer) == 0 { clients[peer]?.lastTaken = now.steady }
        answers.add(bytes, to: peer, tenant: clients[peer].map { owner(of: $0).name })
    }

    /// The client has taken so many bytes, or they will not be sent.
    mutating func released(_ bytes: Int, of peer: Peer) {
        answers.remove(bytes, of: peer)
        clients[peer]?.lastTaken = now.steady
        makeRoom()
    }

    /// Something may go on that waits for room.
    mutating func makeRoom() {
        readersMayGoOn = true
        changedWatches.formUnion(blockedWatches)
        blockedWatches.removeAll(keepingCapacity: true)
    }

    /// Whether something waits until clients have taken what waits for them.
    public var awaitsRoom: Bool { !readers.isEmpty || !blockedWatches.isEmpty }

    /// The client asks and does not read the answers. It loses what waits for it, its watches and its questions: if it
    /// reads again, it is asked for a hello, and asks again for what it missed.
    mutating func drop(_ peer: Peer) {
        // Of one that said no hello, or was dropped before, there is nothing to lose: it gets no answer.
        guard clients[peer] != nil else { return }
        metrics.clientsDropped += 1
        forgetClient(peer)
        actions.append(.discard(peer))
    }

    /// No tenant has this name.
    static let operators = ""
    /// Bytes of small answers that a client may always have waiting: two hundred errors, or the receipts of a batch.
    static let smallAnswerBytes = 64 << 10
}
