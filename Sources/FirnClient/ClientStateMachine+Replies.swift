import FirnProtocol

extension ClientStateMachine {
    /// Handles a message of the coordinator, header and body.
    public mutating func receive(_ frames: [[UInt8]], now: UInt64) -> [Action] {
        lastHeard = now
        let envelope: Envelope<ClientReply>
        do throws(ProtocolError) {
            envelope = try Envelope<ClientReply>(frames: frames)
        } catch {
            return fail(
                error.correlation, .refused(code: error.code, message: error.message, retryAfter: .zero))
        }
        switch envelope.content {
        case .welcome(let welcome): return accept(welcome, now: now)
        case .ping: return [send(.pong(WirePong()), envelope.correlation, now: now)]
        case .pong: return []
        case .error(let error): return refuse(envelope.correlation, error, now: now)
        case .jobUpdates(let updates): return update(envelope.correlation, updates)
        case .submitReply(let reply): return answer(envelope.correlation, reply)
        default:
            guard open[envelope.correlation] != nil else { return [] }
            close(envelope.correlation)
            return [.reply(envelope.correlation, envelope.content)]
        }
    }

    private mutating func refuse(_ correlation: UInt64, _ error: WireError, now: UInt64) -> [Action] {
        if error.code == .helloRequired {
            // One hello sends all open requests again. Those sent in between are refused with this code, too.
            return phase == .ready ? greet(now: now) : []
        }
        if correlation == Self.helloCorrelation {
            reason = "the coordinator refused: \(error.message)"
            return failAll(ClientError(error))
        }
        return fail(correlation, ClientError(error))
    }

    private mutating func fail(_ correlation: UInt64, _ error: ClientError) -> [Action] {
        guard open[correlation] != nil else { return [] }
        close(correlation)
        return [.failed(correlation, error)]
    }

    private mutating func answer(_ correlation: UInt64, _ reply: WireSubmitReply) -> [Action] {
        guard let entry = open[correlation], case .submit(let submit) = entry.request else { return [] }
        guard reply.receipts.count == submit.jobs.count else { return fail(correlation, .unexpectedReply) }
        var actions: [Action] = [.reply(correlation, .submitReply(reply))]
        let accepted = reply.receipts.map(\.accepted.job).filter { $0 != 0 }
        guard submit.watch, !accepted.isEmpty else {
            close(correlation)
            if submit.watch { actions.append(.ended(correlation)) }
            return actions
        }
        // From now on the request is a watch, also when it is sent again.
        open[correlation] = Open(request: .watch(.with { $0.jobs = accepted }), watched: Set(accepted))
        return actions
    }

    private mutating func update(_ correlation: UInt64, _ updates: WireJobUpdates) -> [Action] {
        guard var entry = open[correlation], var watched = entry.watched else { return [] }
        for update in updates.updates where update.state == .finished { watched.remove(update.job) }
        watched.subtract(updates.unknown)
        entry.watched = watched
        entry.request = .watch(.with { $0.jobs = watched.sorted() })
        open[correlation] = entry
        var actions: [Action] = updates.updates.isEmpty ? [] : [.updates(correlation, updates.updates)]
        if updates.last || watched.isEmpty {
            close(correlation)
            actions.append(.ended(correlation))
        }
        return actions
    }
}
