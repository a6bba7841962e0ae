import FirnProtocol
import ZeroMQ

/// Sending to clients and operators. What libzmq has sent is reported to the state machine, which accounts for it.
extension CoordinatorService {
    func send(_ reply: ClientReply, correlation: UInt64, to peer: Peer) {
        if clientQueues[peer] == nil {
            lastClientNumber += 1
            clientQueues[peer] = ClientSendQueue(number: lastClientNumber)
            clientsByNumber[lastClientNumber] = peer
        }
        let frames = Envelope(reply, correlation: correlation).frames()
        clientQueues[peer]?.append(ClientSendQueue.Entry(frames: frames, bytes: reply.bytes))
        sendWaiting(to: peer)
    }

    private func sendWaiting(to peer: Peer) {
        while let queue = clientQueues[peer], let next = queue.next {
            let outcome = outcome(of: next.frames, to: peer) { [ledger, bytes = next.bytes, number = queue.number] in
                ledger.record(bytes, of: number)
            }
            switch outcome {
            case .sent: clientQueues[peer]?.sent()
            case .full: return
            case .noRoute:
                unreachable.append(peer)
                return discard(peer)
            }
        }
    }

    /// Discards what is queued for a client.
    func discard(_ peer: Peer) {
        guard let bytes = clientQueues[peer]?.discard(), bytes > 0 else { return forgetQueue(peer) }
        apply(.released(peer, bytes: bytes))
        forgetQueue(peer)
    }

    /// Reports to the state machine what was sent, and sends what was waiting behind it.
    func collectReleased() {
        for (number, bytes) in ledger.takeAll() {
            guard let peer = clientsByNumber[number] else { continue }
            clientQueues[peer]?.released(bytes)
            apply(.released(peer, bytes: bytes))
            sendWaiting(to: peer)
            forgetQueue(peer)
        }
    }

    private func forgetQueue(_ peer: Peer) {
        guard let queue = clientQueues[peer], queue.isEmpty else { return }
        clientQueues[peer] = nil
        clientsByNumber[queue.number] = nil
    }

    /// Bytes of replies that clients have not read, as the state machine counts them.
    var waitingAnswerBytes: Int { machine.answers.total }

    /// Whether libzmq refused a message although it holds little for that client. Its socket notices only now and then
    /// what its threads have sent, and reports no event for it.
    var mustRetryClients: Bool { clientQueues.values.contains { $0.next != nil } }

    func retryClients() {
        for (peer, queue) in clientQueues where queue.next != nil { sendWaiting(to: peer) }
    }
}
