import FirnProtocol
import Foundation
import JobStore

/// The coordinator's state machine: events go in, actions come out. It owns no socket, reads no clock and never waits,
/// so its behaviour is a function of its events.
///
/// The path of a job, with the commits in between:
///
///     submit ─▶ insert ═▶ queued ─▶ lease ═▶ held ─▶ running ─▶ finish ═▶ client told, worker told, job removed
///                  ║         ▲            │         │
///               receipt      └─ returned ───────────┤
///                            └─ worker lost ────────┘  (third time: quarantined)
///
/// A double arrow (═▶) is followed when the store reports that the operation is on disk. So nothing is acknowledged,
/// dispatched or reported that a crash could undo, and an attempt number that was sent to a worker is never used again.
///
/// One pass of the service's event loop is a turn. The service calls `handle` for every event of a turn, then
/// `finishTurn`, and then carries out the actions. All store operations of a turn form one batch.
public struct CoordinatorStateMachine: Sendable {
    public let settings: CoordinatorSettings
    /// Random bytes that identify this start.
    let instance: [UInt8]
    let software: String

    var jobs: [JobID: Job] = [:]
    var tenants: [TenantState] = []
    var tenantIndex: [String: Int] = [:]
    var workers: [Peer: WorkerSession] = [:]
    var workerNames: [String: Peer] = [:]
    /// Leased jobs whose worker, by name, has not reconnected since this coordinator started.
    var orphans: [String: Set<JobID>] = [:]
    var clients: [Peer: ClientSession] = [:]
    var submits: [UInt64: PendingSubmit] = [:]
    var cancels: [UInt64: PendingCancel] = [:]
    var waits: [UInt64: Wait] = [:]
    /// The connections and watched jobs of each tenant that has connections.
    var clientLoads: [String: ClientLoad] = [:]
    /// Open jobs by the numbers that their tenants know.
    var openNumbers: [TenantJob: JobID] = [:]

    /// The bytes of replies that clients have not read.
    var answers: AnswerBudget
    /// Connections with queued reads in the order of their turns, and the same connections as a set.
    var readers = FIFO<Peer>()
    var waitingReaders: Set<Peer> = []
    /// Whether a connection in `readers` may have room that it lacked before.
    var readersMayGoOn = false
    /// Watches with changes for which there is no room.
    var blockedWatches: Set<WatchID> = []
    var traces: [JobID: TraceTally] = [:]
    /// The purposes of the operations that the store has not answered, oldest first.
    var intents: [StoreIntent] = []
    var nextIntent = 0
    var nextNumber: UInt64 = 0

    /// When a worker that satisfies each requirement of waiting jobs was last connected, in steady time.
    var lastServed: [Requirement: Int64] = [:]
    /// Unreadable messages of each peer since the last sweep.
    var faults: [Peer: Int] = [:]
    /// The virtual time of the tenants being served; an idle tenant starts from it when it returns.
    var virtualClock = 0.0
    /// The number of leases granted so far.
    var leaseCount: UInt64 = 0

    /// Timers: not-before times and expiries of jobs by wall time, and waiting `Get`s by steady time.
    var delays = PriorityHeap<Due<JobID>>()
    var expiries = PriorityHeap<Due<JobID>>()
    var waitEnds = PriorityHeap<Due<UInt64>>()
    var changedWatches: Set<WatchID> = []
    var changedWorkers: Set<Peer> = []
    /// Workers that were sent a job or whose lease ended, so that they may be evaluating another job than before.
    var advancedWorkers: Set<Peer> = []

    var actions: [CoordinatorAction] = []
    var now: CoordinatorTime
    let started: CoordinatorTime
    var lastTick: Int64
    var nextSurvey: Int64
    /// The steady time before which no lease or worker is given up: after a stall, messages may still be unread.
    var graceUntil: Int64 = 0
    /// Why the store fails, while it does. New jobs are refused meanwhile.
    var storeFault: String?
    /// The submission time of each tenant's oldest waiting job, and the steady time until which this cache is used.
    var oldest: [Int: Int64] = [:]
    var oldestUntil: Int64 = .min
    var isDraining = false
    var saidDrained = false
    /// Jobs whose outcome is being committed.
    var concluding = 0
    public internal(set) var metrics = CoordinatorMetrics()

    /// - Parameters:
    ///   - open: the stored jobs without an outcome. Leased ones wait for their workers to reconnect.
    ///   - instance: random bytes that identify this start.
    public init(
        settings: CoordinatorSettings, open: [OpenJob] = [], instance: [UInt8], software: String,
        time: CoordinatorTime
    ) {
        self.settings = settings
        self.instance = instance
        self.software = software
        answers = AnswerBudget(connectionBytes: settings.connectionAnswerBytes, allBytes: settings.answerBytes)
        now = time
        started = time
        lastTick = time.steady
        nextSurvey = time.steady
        recover(open)
    }

    /// Applies one event.
    public mutating func handle(_ event: CoordinatorEvent, at time: CoordinatorTime) {
        now = time
        switch event {
        case .client(let peer, let identity, let envelope): receive(envelope, from: peer, identity)
        case .worker(let peer, let identity, let address, let envelope):
            receive(envelope, from: peer, identity, address: address)
        case .trace(let identity, let segment): receive(segment, from: identity)
        case .unreadable(let peer, let error): refuse(error, from: peer)
        case .unreachable(let peer): lose(peer)
        case .stored(let replies): applyStored(replies)
        case .storeFailed(let reason): storeFailed(reason)
        case .answered(let read, let answer): answered(read, answer)
        case .released(let peer, let bytes): released(bytes, of: peer)
        case .tick: tick()
        case .drain: isDraining = true
        }
    }

    /// Leases what can be leased, and returns the actions that follow from the turn's events, in order.
    public mutating func finishTurn(at time: CoordinatorTime) -> [CoordinatorAction] {
        now = time
        advanceWorkers()
        dispatch()
        flushWorkers()
        flushWatches()
        askStore()
        if isDraining, !saidDrained, submits.isEmpty, leasedOrConcluding == 0 {
            saidDrained = true
            actions.append(.drained)
        }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// The steady time at which the next `tick` is due if no other event happens.
    public var nextTick: Int64 {
        var next = nextSurvey
        for due in [delays.first?.time, expiries.first?.time].compactMap({ $0 }) {
            // A job may name any time up to the largest integer, so the wait is capped.
            next = min(next, now.steady + min(due - now.wall, Self.longestWaitMs))
        }
        if let wait = waitEnds.first { next = min(next, wait.time) }
        for watch in changedWatches {
            if let due = clients[watch.peer]?.watches[watch.correlation]?.due { next = min(next, due) }
        }
        return max(next, now.steady)
    }

    private static let longestWaitMs: Int64 = 86_400_000

    private var leasedOrConcluding: Int { tenants.reduce(concluding) { $0 + $1.leased } }

    mutating func newNumber() -> UInt64 {
        nextNumber += 1
        return nextNumber
    }

    mutating func store(_ operation: JobStoreOperation, _ intent: StoreIntent) {
        intents.append(intent)
        actions.append(.store(operation))
    }

    /// The tenant's index. A tenant that is new is added with its policy.
    mutating func tenant(_ name: String) -> Int {
        if let known = tenantIndex[name] { return known }
        tenants.append(TenantState(name: name, policy: settings.policy(of: name)))
        tenantIndex[name] = tenants.count - 1
        return tenants.count - 1
    }
}
