import FirnProtocol
import Platform
import ZeroMQ

extension WorkerStateMachine {
    /// Handles an event of the socket's monitor.
    public mutating func handle(_ event: MonitorEvent, now: UInt64) -> [Action] {
        switch event {
        case .handshakeSucceeded: return sayHello(now: now)
        case .disconnected: return disconnect("the connection was lost")
        case .connectRetried: return disconnect("nobody answers there: is the coordinator running?")
        case .handshakeFailed(let failure): return disconnect(failure.description)
        default: return []
        }
    }

    /// Handles the passing of time. Called several times in each heartbeat interval.
    public mutating func tick(now: UInt64) -> [Action] {
        guard !hasLeft else { return [] }
        var actions = checkDrainDeadline(now: now)
        guard phase != .connecting else { return actions }
        let heartbeat = heartbeatNanoseconds
        if now >= lastHeard &+ 4 * heartbeat {
            actions += disconnect("connected, but the coordinator does not answer")
            lastHeard = now
            return actions + [.reconnect]
        }
        actions += releaseWaiting(now: now)
        guard now >= lastHeartbeat &+ heartbeat / 2 else { return actions }
        lastHeartbeat = now
        // A refused hello is repeated: the previous holder of the name may be gone by now.
        if phase == .greeting { return actions + [helloAction()] }
        actions.append(send(.heartbeat(.with { $0.leases = leases })))
        return actions
    }

    var heartbeatNanoseconds: UInt64 {
        welcome.heartbeatMs == 0
            ? UInt64(clamping: profile.heartbeat.nanoseconds) : UInt64(max(20, welcome.heartbeatMs)) * 1_000_000
    }

    mutating func sayHello(now: UInt64) -> [Action] {
        phase = .greeting
        reason = "connected, but the coordinator does not say welcome"
        lastHeard = now
        lastHeartbeat = now
        credit.given = 0
        return [helloAction()]
    }

    private mutating func helloAction() -> Action {
        var hello = profile.hello
        hello.leases = leases
        hello.preparedSets = preparedSets
        toldSets = preparedSets
        // The hello is the only message of a worker that gets a reply of its own.
        return .send(Envelope(WorkerMessage.hello(hello), correlation: 1).frames())
    }

    private mutating func disconnect(_ reason: String) -> [Action] {
        let isNews = phase == .ready || self.reason != reason
        // A failed retry says less than the refusal that preceded it.
        let isRetry = phase == .connecting && reason.hasPrefix("nobody") && self.reason != "no connection was made"
        phase = .connecting
        credit.given = 0
        guard isNews, !isRetry else { return [] }
        self.reason = reason
        return [.note(.disconnected(reason: reason))]
    }

    mutating func accept(_ welcome: WireWorkerWelcome, now: UInt64) -> [Action] {
        guard phase != .connecting else { return [] }
        let isNew = phase == .greeting
        phase = .ready
        self.welcome = welcome
        credit.given = 0
        lastHeartbeat = now
        reason = ""
        uncommitted.sendAgain()
        uploads.sendAgain()
        var actions: [Action] = isNew ? [.note(.connected(coordinator: welcome.software))] : []
        let endpoint = profile.traceEndpoint ?? Self.reachable(welcome.traceEndpoint, besides: profile.endpoint)
        if !endpoint.isEmpty { actions.append(.connectTraces(endpoint)) }
        return actions + tellOfSets()
    }

    mutating func refuse(_ error: WireError, now: UInt64) -> [Action] {
        if error.code == .helloRequired { return phase == .ready ? sayHello(now: now) : [] }
        return [.note(.refused(code: error.code, message: error.message))]
    }
}

extension WorkerStateMachine {
    /// The endpoint at which the worker reaches what the coordinator bound. A wildcard address (`tcp://*:7703`) is
    /// replaced by the host of an endpoint that the worker knows.
    static func reachable(_ endpoint: String, besides known: String) -> String {
        let scheme = "tcp://"
        guard endpoint.hasPrefix(scheme), known.hasPrefix(scheme), let colon = endpoint.lastIndex(of: ":"),
            let knownColon = known.lastIndex(of: ":")
        else { return endpoint }
        let host = endpoint[..<colon].dropFirst(scheme.count)
        guard ["*", "0.0.0.0", "[::]"].contains(host) else { return endpoint }
        return String(known[..<knownColon] + endpoint[colon...])
    }
}
