import FirnProtocol

/// A worker's state machine: its connection, leases and results. Events go in and actions come out; it uses no socket,
/// no clock and no evaluator. Times are nanoseconds of one monotonic clock.
///
///     connecting --handshake--> greeting --welcome--> ready
///         ^------- disconnected, refused, silent -------|
///
/// A lease is first with the evaluator, which works in order. Then it has a result, which is kept until the coordinator
/// reports that it is committed or stale. Both are independent of the connection.
public struct WorkerStateMachine: Sendable {
    /// What the worker must do, in order.
    public enum Action: Sendable {
        /// Send a message before any further part of a large value.
        case send([[UInt8]])
        /// Give the job to the evaluator, ahead of the named job, or ahead of all waiting jobs if that one no longer
        /// waits; with nil, behind all. The result comes back by `completed`.
        case evaluate(LeaseKey, WireAssignment, aheadOf: UInt64?)
        /// Withdraw those of these jobs that the evaluator has not begun, and report them by `withdrawn`.
        case withdraw([LeaseKey])
        /// Withdraw these jobs as well, and cancel the one that has begun.
        case stop([LeaseKey])
        /// Build outputs, and report the end by `built`.
        case build(WireStartBuilds)
        /// Have this prepared set made, and report what becomes of it by `announce`.
        case prepare(WirePrepareSet)
        /// Give a reply to the uploads of a job.
        case uploadReply(LeaseKey, WireUploadReply)
        /// Push traces to this endpoint.
        case connectTraces(String)
        /// Drop the connection and make a new one.
        case reconnect
        /// Write to the log.
        case note(Note)
        /// Send what is queued, then end: nothing is held any more, or the drain took too long.
        case leave
    }

    /// An event for the log.
    public enum Note: Sendable, Hashable {
        case connected(coordinator: String)
        case disconnected(reason: String)
        case refused(code: WireErrorCode, message: String)
        case unreadable(String)
        case stale(LeaseKey, reason: String)
        case draining(held: Int)
        case abandoned(LeaseKey)
    }

    /// The state of the connection.
    enum Phase { case connecting, greeting, ready }

    /// A lease that is with the evaluator.
    struct Pending {
        /// What is to happen to the job instead of its normal completion.
        enum Intent { case none, cancel, release, forget }
        var intent = Intent.none
    }

    var profile: WorkerProfile
    var phase = Phase.connecting
    /// Why the connection is not ready; empty if it is.
    var reason = "no connection was made"
    var lastHeard: UInt64
    var lastHeartbeat: UInt64
    var welcome = WireWorkerWelcome()

    /// Leases with the evaluator, in its order, with the state of each. The first one is being evaluated.
    var order: [LeaseKey] = []
    var pending: [LeaseKey: Pending] = [:]
    /// When the first lease began, as far as is known.
    var firstBegan: UInt64 = 0
    /// Nanoseconds of processor time that the first lease has used, as reported last.
    var cpuNanoseconds: UInt64 = 0

    /// The prepared sets, and what the coordinator was told of them on this connection.
    var preparedSets: [WirePreparedSet]
    var toldSets: [WirePreparedSet] = []
    var uncommitted = UncommittedResults()
    var uploads = Uploads()
    var credit = Credit()
    /// Leases to return at the end of the turn.
    var releasing: [LeaseKey] = []
    var drainDeadline: UInt64?
    var hasLeft = false

    public init(_ profile: WorkerProfile, now: UInt64) {
        self.profile = profile
        preparedSets = profile.hello.preparedSets
        lastHeard = now
        lastHeartbeat = now
    }

    var isDraining: Bool { drainDeadline != nil }

    func send(_ message: WorkerMessage) -> Action { .send(Envelope(message).frames()) }

    /// All leases that are held, for a hello or a heartbeat. Forgotten ones are not named.
    var leases: [WireLease] {
        var leases: [WireLease] = []
        for (index, key) in order.enumerated() where pending[key]?.intent != .forget {
            leases.append(key.wire(isRunning: index == 0, cpuNanoseconds: index == 0 ? cpuNanoseconds : 0))
        }
        for key in uncommitted.keys { leases.append(key.wire(isRunning: true)) }
        return leases
    }
}
