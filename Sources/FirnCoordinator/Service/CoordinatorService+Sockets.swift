import FirnProtocol
import JobStore
import ZeroMQ

/// Reading: every received message becomes an event of the state machine at once.
extension CoordinatorService {
    /// Reads until the socket is empty or the turn's share of bytes was read.
    func read(_ endpoint: Endpoint) {
        let time = CoordinatorTime.current()
        var bytes = 0
        do throws(ZeroMQError) {
            while bytes < Self.turnBytes {
                guard let message = try sockets?.receive(endpoint) else { return }
                bytes += 256 + message.frames.reduce(0) { $0 + $1.count }
                handle(message, at: endpoint, time)
            }
            hasMoreMessages = true
        } catch {
            logger.error("cannot read a socket", metadata: ["endpoint": "\(endpoint)", "reason": "\(error)"])
        }
    }

    private func handle(_ message: Message, at endpoint: Endpoint, _ time: CoordinatorTime) {
        hasEvents = true
        guard let identity = authorizer.identity(userID: message.userID, at: endpoint) else {
            // The key was removed during the connection, or libzmq named no user. The message gets no reply.
            authorizer.countUnadmitted()
            return logger.debug("a message of nobody who is admitted", metadata: ["endpoint": "\(endpoint)"])
        }
        if endpoint == .traces { return handleTrace(message, identity, time) }
        guard let routingID = message.frames.first else { return }
        let peer = Peer(endpoint: endpoint, routingID: routingID)
        do throws(ProtocolError) {
            guard !message.isTruncated else { throw ProtocolError(.malformedFrames, "the message has too many frames") }
            let frames = message.frames.dropFirst()
            if endpoint == .workers {
                let envelope = try Envelope<WorkerMessage>(frames: frames)
                let address = message.peerAddress ?? ""
                machine.handle(.worker(peer, identity, address: address, envelope), at: time)
            } else {
                machine.handle(.client(peer, identity, try Envelope<ClientRequest>(frames: frames)), at: time)
            }
        } catch {
            machine.handle(.unreadable(peer, error), at: time)
        }
        noteConnection(of: peer, message)
    }

    private func handleTrace(_ message: Message, _ identity: Identity, _ time: CoordinatorTime) {
        // This endpoint sends no replies.
        guard !message.isTruncated, let envelope = try? Envelope<TraceMessage>(frames: message.frames),
            case .segment(let segment) = envelope.content
        else { return logger.debug("an unreadable trace segment", metadata: ["from": "\(identity)"]) }
        machine.handle(.trace(identity, segment), at: time)
    }

    /// Bytes that one socket may bring in one turn.
    private static let turnBytes = 32 << 20
}
