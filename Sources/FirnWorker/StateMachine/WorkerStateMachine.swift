import FirnProtocol

/// What a worker knows of its connection, its leases and its results. Events go in, actions come out; no socket, no
/// clock, no evaluation. Times are nanoseconds of one monotonic clock.
///
///     connecting --handshake--> greeting --welcome--> ready
///         ^------- disconnected, refused, silent -------|
///
/// A lease is first with the evaluator, which takes them in order; then it has a result, which is kept until the
/// coordinator says that it is committed or stale. Neither depends on the connection.
public struct WorkerStateMachine: Sendable {
    /// What the worker is to do, in order.
    public enum Action: Sendable {
        /// At once, before any part of a large value.
        case send([[UInt8]])
        /// Give this to the evaluator, ahead of the job that is named if that has not begun, else ahead of all that has not;
        /// with nil, behind what it has. It answers with `completed`.
        case evaluate(LeaseKey, WireAssignment, aheadOf: UInt64?)
        /// Take these back from the evaluator, those of them that it has not begun; answer with `withdrawn`.
        case withdraw([LeaseKey])
        /// The same, and stop the one that it has begun.
        case stop([LeaseKey])
        /// Push traces there.
        case connectTraces(String)
        /// Drop the connection and make a new one.
        case reconnect
        case note(Note)
        /// Nothing is held any more, or the time for it is over: send what waits, then end.
        case leave
    }

    /// Something for the log.
    public enum Note: Sendable, Hashable {
        case connected(coordinator: String)
        case disconnected(reason: String)
        case refused(code: WireErrorCode, message: String)
        case unreadable(String)
        case stale(LeaseKey, reason: String)
        case draining(held: Int)
        case brokenOff(LeaseKey)
    }

    enum Phase { case connecting, greeting, ready }

    /// A lease that is with the evaluator.
    struct Pending {
        /// Why it is to be taken back, if it is.
        enum Intent { case none, cancel, release, forget }
        var intent = Intent.none
    }

    /// A result that is not committed yet.
    struct Finished {
        /// With its whole value.
        let result: WireJobResult
        /// What it takes, roughly.
        let bytes: Int
    }

    let profile: WorkerProfile
    var phase = Phase.connecting
    var reason = "no connection was made"
    var lastHeard: UInt64
    var lastHeartbeat: UInt64
    var welcome = WireWorkerWelcome()

    /// Leases with the evaluator, in its order, and what is known of each. The first is the one that runs.
    var order: [LeaseKey] = []
    /// What the first has used, in nanoseconds of processor time, as the evaluator said last.
    var cpuNanoseconds: UInt64 = 0
    var pending: [LeaseKey: Pending] = [:]
    var finished: [LeaseKey: Finished] = [:]
    var finishedBytes = 0
    /// Results to be sent at the end of the turn.
    var outgoing: [LeaseKey] = []
    /// Large values on their way, and how many segments of the first were sent.
    var bulk: [LeaseKey] = []
    var segmentsSent: UInt32 = 0
    /// To be given back at the end of the turn.
    var releasing: [LeaseKey] = []
    /// Credit that the coordinator has and did not use.
    var creditGiven = 0
    /// The coordinator is to be told that its credit is over, even if there is nothing to give back.
    var mustRevokeCredit = false
    /// Since when the first lease runs, as far as is known.
    var firstSince: UInt64 = 0
    var drainDeadline: UInt64?
    var hasLeft = false

    public init(_ profile: WorkerProfile, now: UInt64) {
        self.profile = profile
        lastHeard = now
        lastHeartbeat = now
    }

    var isDraining: Bool { drainDeadline != nil }

    func send(_ message: WorkerMessage) -> Action { .send(Envelope(message).frames()) }

    /// Every lease that is held, for a hello or a heartbeat. Those that are forgotten are not named.
    var leases: [WireLease] {
        var leases: [WireLease] = []
        for (index, key) in order.enumerated() where pending[key]?.intent != .forget {
            leases.append(key.wire(isRunning: index == 0, cpuNanoseconds: index == 0 ? cpuNanoseconds : 0))
        }
        for key in finished.keys { leases.append(key.wire(isRunning: true)) }
        return leases
    }
}

/// What a worker says of itself, and how much it takes on.
public struct WorkerProfile: Sendable {
    /// Without leases, which are added.
    public var hello: WireWorkerHello
    public var heldJobs: Int
    public var uncommittedResults: Int
    public var uncommittedBytes: Int
    /// When the first job has run for so long, those behind it are given back, so that another worker can have them, and
    /// the coordinator decides anew which is next. Twice what the coordinator expects them to wait at most.
    public var patienceNanoseconds: UInt64
    public var drainNanoseconds: UInt64
    /// Used until a welcome says otherwise.
    public var heartbeatNanoseconds: UInt64 = 1_000_000_000
    /// Where the coordinator is.
    public var endpoint = ""
    /// Where traces go, whatever the welcome says.
    public var traceEndpoint: String?

    public init(
        hello: WireWorkerHello, heldJobs: Int = 16, uncommittedResults: Int = 256, uncommittedBytes: Int = 64 << 20,
        patienceNanoseconds: UInt64 = 40_000_000, drainNanoseconds: UInt64 = 30_000_000_000
    ) {
        self.hello = hello
        self.heldJobs = max(1, heldJobs)
        self.uncommittedResults = max(1, uncommittedResults)
        self.uncommittedBytes = max(1, uncommittedBytes)
        self.patienceNanoseconds = patienceNanoseconds
        self.drainNanoseconds = drainNanoseconds
    }
}
