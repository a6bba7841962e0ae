import FirnProtocol
import JobStore
import ZeroMQ

/// Performs the actions of the state machine.
extension CoordinatorService {
    func apply(_ event: CoordinatorEvent) {
        hasEvents = true
        machine.handle(event, at: .current())
    }

    /// Ends a turn: gives the state machine the time, performs its actions and starts the next batch.
    func endTurn() {
        collectReleased()
        if hasMoreMessages {
            // A heartbeat that waits in a socket must be handled before its lease is checked.
            hasMoreMessages = false
        } else if isTickDue {
            isTickDue = false
            apply(.tick)
        }
        if !workerQueues.isEmpty { sendToWorkers() }
        if mustRetryClients { retryClients() }
        guard hasEvents || !unreachable.isEmpty else { return }
        repeat {
            hasEvents = false
            let time = CoordinatorTime.current()
            for peer in unreachable { machine.handle(.unreachable(peer), at: time) }
            unreachable.removeAll(keepingCapacity: true)
            for action in machine.finishTurn(at: time) { perform(action) }
        } while hasEvents || !unreachable.isEmpty
        commit()
        if machine.awaitsRoom || clientQueues.values.contains(where: { !$0.waiting.isEmpty }) { ledger.wakeOnNext() }
        scheduleTick()
    }

    private func perform(_ action: CoordinatorAction) {
        switch action {
        case .reply(let peer, let correlation, let reply):
            send(reply, correlation: correlation, to: peer)
        case .command(let peer, let correlation, let command):
            send(Envelope(command, correlation: correlation).frames(), to: peer)
        case .store(let operation): pending.append(operation)
        case .read(let question): read(question)
        case .discard(let peer): discard(peer)
        case .appendTrace(let segment):
            segments.append(segment)
            appendTraces()
        case .upload(let operation, let job, let attempt): upload(operation, job, attempt)
        case .publish(let job, let attempt): publish(job, attempt)
        case .saveTenants(let changes): save(changes)
        case .changeKey(let key): change(key)
        case .listTenants(let name, let peer, let correlation): listTenants(name, for: peer, correlation: correlation)
        case .listKeys(let owner, let peer, let correlation, let closed):
            listKeys(like: owner, for: peer, correlation: correlation, closed: closed)
        case .disconnect(let peer): disconnect(peer)
        case .drained: end()
        }
    }

    private func send(_ frames: [[UInt8]], to peer: Peer) {
        guard workerQueues[peer] == nil else { return append(frames, to: peer) }
        switch outcome(of: frames, to: peer) {
        case .sent: break
        case .full: append(frames, to: peer)
        case .noRoute: unreachable.append(peer)
        }
    }

    /// - Parameter onRelease: called on any thread when libzmq has written the message to the network or given it up.
    func outcome(
        of frames: [[UInt8]], to peer: Peer, onRelease: (@Sendable () -> Void)? = nil
    ) -> SendOutcome {
        do throws(ZeroMQError) {
            return try sockets?.send(frames, to: peer, onRelease: onRelease) ?? .noRoute
        } catch {
            logger.error("cannot send", metadata: ["endpoint": "\(peer.endpoint)", "reason": "\(error)"])
            return .noRoute
        }
    }

    /// Queues a message for a worker. A worker that reads too slowly loses its connection, so that the coordinator's
    /// memory stays bounded: it has to say hello again.
    private func append(_ frames: [[UInt8]], to peer: Peer) {
        workerQueues[peer, default: WorkerSendQueue()].append(frames)
        if workerQueues[peer, default: WorkerSendQueue()].bytes > configuration.backlogBytes {
            workerQueues[peer] = nil
            unreachable.append(peer)
        }
    }

    private func sendToWorkers() {
        for peer in Array(workerQueues.keys) {
            sending: while let frames = workerQueues[peer]?.first {
                switch outcome(of: frames, to: peer) {
                case .sent: workerQueues[peer]?.removeFirst()
                case .full: break sending
                case .noRoute:
                    workerQueues[peer] = nil
                    unreachable.append(peer)
                }
            }
            if workerQueues[peer]?.isEmpty ?? false { workerQueues[peer] = nil }
        }
    }

    private func read(_ question: CoordinatorRead) {
        readQueue.async { [self] in
            let answer = reader.answer(question)
            executor.post { self.assumeIsolated { $0.apply(.answered(question, answer)) } }
        }
    }
}
