import FirnProtocol
import ZeroMQ

extension ClientStateMachine {
    /// Handles an event of the socket's monitor.
    public mutating func handle(_ event: MonitorEvent, now: UInt64) -> [Action] {
        switch event {
        case .handshakeSucceeded: return greet(now: now)
        case .disconnected:
            let wasGreeted = phase != .connecting
            lose(wasGreeted ? "the connection was lost" : reason == Self.handshaking ? hungUp : reason, now: now)
        case .connectRetried:
            lose("nobody answers there: is the coordinator running?", now: now)
        case .handshakeFailed(let failure):
            if case .hungUp = failure { lose(hungUp, now: now) } else { lose(failure.description, now: now) }
            // A retry does not change a key. A coordinator that restarts may refuse for a moment, though.
            if welcome == nil, failure.isFinal { return failAll(unreachable) }
        // The failure of the last handshake says more than the start of another one.
        case .connected: if reason != hungUp { reason = Self.handshaking }
        default: break
        }
        return []
    }

    /// The reason for a handshake that the server ended without a word, as it does when it cannot read the handshake. A
    /// server that asks for CURVE may do so before it sends its own greeting, so that this side never compares the
    /// mechanisms.
    private var hungUp: String {
        hasKey
            ? "the other side hung up during the handshake: is the server's public key the one that was given?"
            : "the other side hung up during the handshake: it may ask for CURVE, and no key was given"
    }
    private static let handshaking = "connected, but the handshake does not end"

    /// Handles the passing of time. Called a few times a second.
    public mutating func tick(now: UInt64) -> [Action] {
        if let since = disconnectedSince {
            guard now >= since &+ unreachableAfter else { return [] }
            let actions = failAll(unreachable)
            disconnectedSince = now
            return actions
        }
        guard !open.isEmpty, let welcome else { return [] }
        let heartbeat = UInt64(max(100, welcome.heartbeatMs)) * 1_000_000
        if now >= lastHeard &+ max(unreachableAfter, 4 * heartbeat) {
            lose("connected, but the coordinator does not answer", now: now)
            return failAll(unreachable) + [.reconnect]
        }
        guard now >= lastSent &+ heartbeat / 2 else { return [] }
        return [send(.ping(WirePing()), newCorrelation(), now: now)]
    }

    var unreachable: ClientError { .unreachable(endpoint: endpoint, reason: reason) }

    mutating func greet(now: UInt64) -> [Action] {
        phase = .greeting
        reason = "connected, but the coordinator does not say welcome"
        if disconnectedSince == nil { disconnectedSince = now }
        let hello = ClientRequest.hello(.with { $0.software = software })
        return [send(hello, Self.helloCorrelation, now: now)]
    }

    private mutating func lose(_ reason: String, now: UInt64) {
        // A failed retry says less than the refusal that preceded it.
        if phase != .connecting || self.reason == "no connection was made" || !reason.hasPrefix("nobody") {
            self.reason = reason
        }
        phase = .connecting
        if disconnectedSince == nil { disconnectedSince = now }
    }

    mutating func accept(_ welcome: WireClientWelcome, now: UInt64) -> [Action] {
        phase = .ready
        disconnectedSince = nil
        self.welcome = welcome
        var actions: [Action] = [.welcomed(welcome)]
        for correlation in order {
            guard let entry = open[correlation] else { continue }
            actions.append(send(entry.request, correlation, now: now))
        }
        return actions
    }
}

extension MonitorEvent.HandshakeFailure {
    /// Whether every further attempt will fail in the same way.
    var isFinal: Bool {
        switch self {
        case .refused(let status): status == 400
        case .mechanismMismatch, .wrongServerKey: true
        case .protocolError, .hungUp: false
        }
    }
}
