import FirnProtocol
import Foundation
import JobStore

/// The coordinator's logic: events in, actions out. It owns no socket, reads no clock and waits for nothing, so what it
/// does is a function of what it is told.
///
/// A job's way through it, with what the store commits in between:
///
///     submit ─▶ insert ═▶ queued ─▶ lease ═▶ held ─▶ running ─▶ finish ═▶ client told, worker told, job forgotten
///                  ║         ▲            │         │
///               receipt      └─ given back ─────────┤
///                            └─ worker lost ────────┘  (third time: quarantined)
///
/// (═▶: goes on when the store says that it is on disk.) So nothing is acknowledged, dispatched or reported that a
/// crash could take back, and an attempt's number, once sent to a worker, is never given again.
///
/// Usage: `handle` every event of a turn, then `finishTurn`, then carry out the actions. All operations of a turn go to
/// the store as one batch.
public struct CoordinatorStateMachine: Sendable {
    public let settings: CoordinatorSettings
    /// Random, one for each start.
    let instance: [UInt8]
    let software: String

    var jobs: [JobID: Job] = [:]
    var tenants: [TenantState] = []
    var tenantIndex: [String: Int] = [:]
    var workers: [Peer: WorkerSession] = [:]
    var workerNames: [String: Peer] = [:]
    /// Jobs whose worker, by name, has not come back since this coordinator started.
    var orphans: [String: Set<JobID>] = [:]
    var clients: [Peer: ClientSession] = [:]
    var submits: [UInt64: PendingSubmit] = [:]
    var cancels: [UInt64: PendingCancel] = [:]
    var waits: [UInt64: Wait] = [:]
    /// What connections of each tenant use; none of tenants that have none.
    var clientLoads: [String: ClientLoad] = [:]
    /// Open jobs by the numbers that their tenants know.
    var openNumbers: [TenantJob: JobID] = [:]

    /// What waits for clients to take it.
    var answers: AnswerBudget
    /// Connections with questions for the store, in the order of their turns; and the same as a set.
    var readers = FIFO<Peer>()
    var waitingReaders: Set<Peer> = []
    /// Some of `readers` may have room, or a turn, that had none before.
    var readersMayGoOn = false
    /// Watches with changes for which there is no room.
    var blockedWatches: Set<WatchID> = []
    var traces: [JobID: TraceTally] = [:]
    /// What the store's next answers are about, oldest first.
    var intents: [StoreIntent] = []
    var nextIntent = 0
    var nextNumber: UInt64 = 0

    /// When each kind of worker that waiting jobs need was last there, in steady time.
    var lastServed: [Requirement: Int64] = [:]
    /// Messages that could not be read, by peer, since the last survey.
    var faults: [Peer: Int] = [:]
    /// The virtual time of tenants that are served: where one that had nothing to do begins.
    var virtualClock = 0.0
    /// Leases that were given.
    var leaseCount: UInt64 = 0

    /// Jobs with a not-before time, by wall time; expiries that jobs name likewise; waits by steady time.
    var delays = PriorityHeap<Due<JobID>>()
    var expiries = PriorityHeap<Due<JobID>>()
    var waitEnds = PriorityHeap<Due<UInt64>>()
    var changedWatches: Set<WatchID> = []
    var changedWorkers: Set<Peer> = []
    /// Workers that were sent a job, or of which a lease ended: they may evaluate another one than before.
    var advancedWorkers: Set<Peer> = []

    var actions: [CoordinatorAction] = []
    var now: CoordinatorTime
    let started: CoordinatorTime
    var lastTick: Int64
    var nextSurvey: Int64
    /// No lease or worker is given up before this steady time: after a stall, messages may still be on their way.
    var graceUntil: Int64 = 0
    /// Why the store fails, while it does: new jobs are refused.
    var storeFault: String?
    /// When each tenant's oldest waiting job was submitted, and until when that is believed.
    var oldest: [Int: Int64] = [:]
    var oldestUntil: Int64 = .min
    var isDraining = false
    var saidDrained = false
    /// Jobs whose outcome is being committed.
    var concluding = 0
    public internal(set) var metrics = CoordinatorMetrics()

    /// - Parameters:
    ///   - open: what the store holds without an outcome. Jobs that were leased wait for their workers.
    ///   - instance: random bytes that tell this start from others.
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

    /// Leases what can be leased and gives out everything that the turn's events led to.
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

    /// When `tick` should be called next if nothing else happens, in steady time.
    public var nextTick: Int64 {
        var next = nextSurvey
        for due in [delays.first?.time, expiries.first?.time].compactMap({ $0 }) {
            // A job may name any time, up to the last that there is.
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

    /// The tenant's place; made with its policy when it is new.
    mutating func tenant(_ name: String) -> Int {
        if let known = tenantIndex[name] { return known }
        tenants.append(TenantState(name: name, policy: settings.policy(of: name)))
        tenantIndex[name] = tenants.count - 1
        return tenants.count - 1
    }
}
