import FirnProtocol
import ZeroMQ

extension ClientMachine {
    /// What the socket's monitor reported.
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
            // Trying again does not change a key. A coordinator that restarts may refuse for a moment, though.
            if welcome == nil, failure.isFinal { return failAll(unreachable) }
        // What the last handshake failed of says more than that another one began.
        case .connected: if reason != hungUp { reason = Self.handshaking }
        default: break
        }
        return []
    }

    /// A server that cannot read a handshake says nothing and hangs up. One that asks for CURVE may do so before its own
    /// greeting is out, and then the mechanisms are never compared on this side.
    private var hungUp: String {
        hasKey
            ? "the other side hung up during the handshake: is the server's public key the one that was given?"
            : "the other side hung up during the handshake: it may ask for CURVE, and no key was given"
    }
    private static let handshaking = "connected, but the handshake does not end"

    /// To be called a few times a second.
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
        // A retry that follows a refused key says less than the refusal.
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
    /// The same will happen at each attempt.
    var isFinal: Bool {
        switch self {
        case .refused(let status): status == 400
        case .mechanismMismatch, .wrongServerKey: true
        case .protocolError, .hungUp: false
        }
    }
}
