import FirnProtocol
import Platform
import ZeroMQ

/// A client's state machine: its connection and its open requests. Events go in and actions come out; it uses no socket
/// and no clock. Times are nanoseconds of one monotonic clock.
///
///     connecting --handshake--> greeting --welcome--> ready
///         ^------- disconnected, refused, silent -------|
///
/// A request stays open until it is answered, and is sent again after each welcome. That is safe because reading and
/// cancelling are idempotent, and jobs bear idempotency keys.
public struct ClientStateMachine: Sendable {
    /// What the client must do, in order. The numbers are correlation ids of requests.
    public enum Action: Sendable {
        case send([[UInt8]])
        case welcomed(WireClientWelcome)
        case reply(UInt64, ClientReply)
        case updates(UInt64, [WireJobStatus])
        /// The watch with that correlation id is over.
        case ended(UInt64)
        case failed(UInt64, ClientError)
        /// The coordinator cannot be reached, and every open request has failed.
        case unreachable(ClientError)
        /// Drop the connection and make a new one.
        case reconnect
    }

    enum Phase { case connecting, greeting, ready }

    /// A request that is not answered yet, or a watch that is not over.
    struct Open {
        var request: ClientRequest
        /// The unfinished jobs of a watch. Nil for other requests, and until a submit with a watch is answered.
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
    /// Correlation ids in the order of the requests, in which they are also sent again.
    var order: [UInt64] = []
    private var lastCorrelation = Self.helloCorrelation

    static let helloCorrelation: UInt64 = 1

    /// - Parameters:
    ///   - endpoint: the coordinator's endpoint, for messages.
    ///   - software: the name and version of the software, which the hello names.
    ///   - hasKey: whether the connection uses CURVE, which decides how a failed handshake is explained.
    ///   - unreachableAfter: how long requests wait for a connection.
    ///   - now: the time of `MonotonicClock`.
    public init(endpoint: String, software: String, hasKey: Bool, unreachableAfter: Duration, now: UInt64) {
        self.endpoint = endpoint
        self.software = software
        self.hasKey = hasKey
        self.unreachableAfter = UInt64(clamping: unreachableAfter.nanoseconds)
        disconnectedSince = now
        lastHeard = now
        lastSent = now
    }

    /// Adds a request. It is sent at once if the connection is ready, and otherwise after the next welcome.
    public mutating func ask(_ request: ClientRequest, now: UInt64) -> (correlation: UInt64, actions: [Action]) {
        let correlation = newCorrelation()
        var watched: Set<UInt64>?
        if case .watch(let watch) = request { watched = Set(watch.jobs) }
        // Silence counts from when a reply is awaited.
        if open.isEmpty { lastHeard = now }
        open[correlation] = Open(request: request, watched: watched)
        order.append(correlation)
        guard phase == .ready else { return (correlation, []) }
        return (correlation, [send(request, correlation, now: now)])
    }

    /// A correlation id that no earlier request had.
    mutating func newCorrelation() -> UInt64 {
        lastCorrelation += 1
        return lastCorrelation
    }

    /// Gives up a request or watch. Nothing more is reported about it.
    public mutating func forget(_ correlation: UInt64, now: UInt64) -> [Action] {
        guard let entry = open[correlation] else { return [] }
        close(correlation)
        guard entry.watched != nil, phase == .ready else { return [] }
        return [send(.unwatch(.with { $0.correlation = correlation }), 0, now: now)]
    }

    /// Sends a request, or fails it if no frame can hold it. The coordinator would end the connection because of such a
    /// frame, at each attempt again.
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
        // Replies mostly come in the order of the requests, so the search is short.
        if let index = order.firstIndex(of: correlation) { order.remove(at: index) }
    }

    mutating func failAll(_ error: ClientError) -> [Action] {
        let failed = order
        open = [:]
        order = []
        return failed.map { .failed($0, error) } + [.unreachable(error)]
    }
}
