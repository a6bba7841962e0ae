import FirnProtocol

/// Replies to clients. Every reply passes through this extension, so the bytes that wait for each client are known and
/// bounded.
///
/// Small replies have an allowance of their own beside large ones: a client always gets the direct answer to its
/// request. A reply that may be large (updates, results, lists) is produced only when `hasRoom` allows it. Until then
/// the job stays in the store, or as a number in a queue.
extension CoordinatorStateMachine {
    mutating func reply(_ peer: Peer, _ correlation: UInt64, _ reply: ClientReply) {
        let bytes = reply.bytes
        guard fitsSmallReply(for: bytes, to: peer) else { return drop(peer) }
        send(reply, to: peer, correlation)
    }

    /// Whether a small reply fits. Such a reply is sent now or never, so it may exceed the general bounds by a fixed
    /// allowance for each connection: a client that reads its large replies slowly still has its requests answered.
    private func fitsSmallReply(for bytes: Int, to peer: Peer) -> Bool {
        let own = answers.bytes(of: peer) + bytes
        guard clients[peer] != nil else {
            return own <= Self.strangerConnectionBytes && answers.strangers + bytes <= Self.strangerBytes
        }
        guard own > Self.smallAnswerBytes else { return true }
        guard let session = clients[peer], own <= settings.connectionAnswerBytes + Self.smallAnswerBytes,
            answers.total + bytes <= settings.answerBytes + clients.count * Self.smallAnswerBytes
        else { return false }
        let owner = owner(of: session)
        let most = owner.bound + clientLoads[owner.name, default: ClientLoad()].connections * Self.smallAnswerBytes
        return answers.bytes(ofTenant: owner.name) + bytes <= most
    }

    /// The account to which the client's replies are charged, and its bound in bytes. Operators share one account of
    /// their own, so no tenant can hold them up.
    private func owner(of session: ClientSession) -> (name: String, bound: Int) {
        guard let tenant = session.tenant else { return (Self.operators, settings.answerBytes) }
        return (tenant, settings.policy(of: tenant).answerBytes)
    }

    /// Sends a reply for which `hasRoom` or `reply` found room.
    mutating func send(_ reply: ClientReply, to peer: Peer, _ correlation: UInt64) {
        reserve(reply.bytes, for: peer)
        actions.append(.reply(peer, correlation: correlation, reply))
    }

    mutating func refuse(_ peer: Peer, _ correlation: UInt64, _ code: WireErrorCode, _ message: String) {
        metrics.refusals[code.name, default: 0] += 1
        reply(peer, correlation, .error(ProtocolError(code, message).wire))
    }

    /// Whether a reply of that many bytes may be sent to the client now.
    func hasRoom(for bytes: Int, to peer: Peer) -> Bool {
        answers.hasRoom(for: bytes, to: peer, owner: clients[peer].map(owner))
    }

    /// Charges bytes to the client until `released` reports them.
    mutating func reserve(_ bytes: Int, for peer: Peer) {
        if answers.bytes(of: peer) == 0 { clients[peer]?.lastRead = now.steady }
        answers.add(bytes, to: peer, tenant: clients[peer].map { owner(of: $0).name })
    }

    /// The client has read that many bytes, or they were discarded.
    mutating func released(_ bytes: Int, of peer: Peer) {
        answers.remove(bytes, of: peer)
        clients[peer]?.lastRead = now.steady
        retryBlocked()
    }

    /// Retries the reads and watches that were waiting for room.
    mutating func retryBlocked() {
        readRound.retry()
        watchUpdates.changed.formUnion(watchUpdates.blocked)
        watchUpdates.blocked.removeAll(keepingCapacity: true)
    }

    /// Whether a read or a watch is waiting until clients have read more of their replies.
    public var awaitsRoom: Bool { !readRound.isEmpty || !watchUpdates.blocked.isEmpty }

    /// Gives up a client that sends requests and does not read the replies. It loses its queued replies, watches and
    /// pending requests. If it reads again, it is asked for a hello and must repeat what it missed.
    mutating func drop(_ peer: Peer) {
        // A client that sent no hello, or was dropped before, has no state to lose. It gets no reply.
        guard clients[peer] != nil else { return }
        metrics.clientsDropped += 1
        metrics.refusals["client-that-does-not-read", default: 0] += 1
        forgetClient(peer)
        actions.append(.discard(peer))
    }

    /// The account name of all operators. No tenant name is empty.
    static let operators = ""
    /// Bytes of small replies that a client may always have queued: about two hundred errors, or the receipts of a
    /// batch.
    static let smallAnswerBytes = 64 << 10
    /// Bytes of replies that may wait for a connection that has sent no hello, and for all of these together. Further ones
    /// are not sent: whoever is not known can open any number of connections.
    static let strangerConnectionBytes = 8 << 10
    static let strangerBytes = 8 << 20
}
