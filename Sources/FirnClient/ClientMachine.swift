import FirnProtocol
import ZeroMQ

/// What a client knows of its connection and its open requests. Events go in, actions come out; no socket, no clock.
/// Times are nanoseconds of one monotonic clock.
///
///     connecting --handshake--> greeting --welcome--> ready
///         ^------- disconnected, refused, silent -------|
///
/// Every request stays here until it is answered, and is sent again after each welcome. That is safe: reading repeats,
/// cancelling repeats, and jobs bear idempotency keys.
public struct ClientMachine: Sendable {
    /// What the client is to do, in order. Numbers are correlation ids of requests.
    public enum Action: Sendable {
        case send([[UInt8]])
        case welcomed(WireClientWelcome)
        case reply(UInt64, ClientReply)
        case updates(UInt64, [WireJobStatus])
        /// The watch of that correlation id is over.
        case ended(UInt64)
        case failed(UInt64, ClientError)
        /// Nothing can be reached; every open request has failed.
        case unreachable(ClientError)
        /// Drop the connection and make a new one.
        case reconnect
    }

    enum Phase { case connecting, greeting, ready }

    /// A request that is not answered yet, or a watch that is not over.
    struct Open {
        var request: ClientRequest
        /// Set for watches: the jobs not seen finished. Nil while a submit with watch is not answered.
        var watched: Set<UInt64>?
    }

    let endpoint: String
    let software: String
    let hasKey: Bool
    let unreachableAfter: UInt64
    var phase = Phase.connecting
    var reason = "no connection was made"
    var disconnectedSince: UInt64?
    var lastHeard: UInt64
    var lastSent: UInt64
    var welcome: WireClientWelcome?
    var open: [UInt64: Open] = [:]
    /// Correlation ids in the order of asking, so that it is also the order of sending again.
    var order: [UInt64] = []
    private var lastCorrelation = Self.helloCorrelation

    static let helloCorrelation: UInt64 = 1

    /// - Parameters:
    ///   - hasKey: whether the connection uses CURVE; what a failed handshake most likely means depends on it.
    ///   - unreachableAfter: how long requests wait for a connection, in nanoseconds.
    public init(endpoint: String, software: String, hasKey: Bool, unreachableAfter: UInt64, now: UInt64) {
        self.endpoint = endpoint
        self.software = software
        self.hasKey = hasKey
        self.unreachableAfter = unreachableAfter
        disconnectedSince = now
        lastHeard = now
        lastSent = now
    }

    /// Asks something. Sent at once when the connection is ready, else when it is.
    public mutating func ask(_ request: ClientRequest, now: UInt64) -> (correlation: UInt64, actions: [Action]) {
        let correlation = newCorrelation()
        var watched: Set<UInt64>?
        if case .watch(let watch) = request { watched = Set(watch.jobs) }
        // Silence is counted from when somebody waits for an answer.
        if open.isEmpty { lastHeard = now }
        open[correlation] = Open(request: request, watched: watched)
        order.append(correlation)
        guard phase == .ready else { return (correlation, []) }
        return (correlation, [send(request, correlation, now: now)])
    }

    /// One that no question bore before.
    mutating func newCorrelation() -> UInt64 {
        lastCorrelation += 1
        return lastCorrelation
    }

    /// Gives a request or watch up; nothing more is reported of it.
    public mutating func forget(_ correlation: UInt64, now: UInt64) -> [Action] {
        guard let entry = open[correlation] else { return [] }
        close(correlation)
        guard entry.watched != nil, phase == .ready else { return [] }
        return [send(.unwatch(.with { $0.correlation = correlation }), 0, now: now)]
    }

    /// Sends a request, or fails it where no frame can hold it: the other side would end the connection for it, again at
    /// each attempt.
    mutating func send(_ request: ClientRequest, _ correlation: UInt64, now: UInt64) -> Action {
        let frames = Envelope(request, correlation: correlation).frames()
        if let bytes = frames.map(\.count).max(), bytes > ProtocolLimits.frameBytes {
            close(correlation)
            return .failed(correlation, .tooLarge(bytes: bytes))
        }
        lastSent = now
        return .send(frames)
    }

    mutating func close(_ correlation: UInt64) {
        guard open.removeValue(forKey: correlation) != nil else { return }
        // Answers mostly come in the order of asking.
        if let index = order.firstIndex(of: correlation) { order.remove(at: index) }
    }

    mutating func failAll(_ error: ClientError) -> [Action] {
        let failed = order
        open = [:]
        order = []
        return failed.map { .failed($0, error) } + [.unreachable(error)]
    }
}
