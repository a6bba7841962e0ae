import DequeModule
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
    public internal(set) var settings: CoordinatorSettings
    /// Random bytes that identify this start.
    let instance: [UInt8]
    let software: String

    var jobs: [JobID: Job] = [:]
    /// Open jobs by the numbers that their tenants know.
    var jobsByNumber: [TenantJob: JobID] = [:]
    /// Leased jobs whose worker, by name, has not reconnected since this coordinator started.
    var orphans: [String: Set<JobID>] = [:]
    /// The number of jobs whose outcome is being committed.
    var concluding = 0
    var traces: [JobID: TraceTally] = [:]
    var objectClaims = ObjectClaims()
    /// Results that wait until the objects of their jobs are in the binary cache.
    var publications: [JobID: Publication] = [:]

    var tenants: [TenantState] = []
    var tenantIndex: [String: Int] = [:]
    var fairness = Fairness()
    var oldestWaiting = OldestWaiting()
    /// What open jobs wait for, and the jobs that newer ones may end.
    var preceding = PrecedingJobs()
    var superseded: [SupersessionKey: Set<JobID>] = [:]
    /// Open jobs that start from prepared sets.
    var preparedJobs = 0

    var workers: [Peer: WorkerSession] = [:]
    var workerNames: [String: Peer] = [:]
    /// Workers for which this turn has messages.
    var changedWorkers: Set<Peer> = []
    /// Workers that were sent a job or whose lease ended, so that they may be evaluating another job than before.
    var advancedWorkers: Set<Peer> = []
    /// When a worker that satisfies each requirement of waiting jobs was last connected, in steady time.
    var lastAvailable: [Requirement: Int64] = [:]

    var clients: [Peer: ClientSession] = [:]
    /// The connections and watched jobs of each tenant that has connections.
    var clientLoads: [String: ClientLoad] = [:]
    var requests = PendingRequests()
    /// What tenants may use, and the operators' changes that are not on disk yet, of which the first was issued.
    var rules: TenantRules
    var changes = Deque<PendingChange>()
    /// The bytes of replies that clients have not read.
    var answers: AnswerBudget
    var readRound = ReadRound()
    var watchUpdates = WatchUpdates()
    /// Unreadable messages of each peer since the last sweep.
    var unreadable: [Peer: Int] = [:]

    /// The purposes of the operations that the store has not answered, oldest first.
    var intents = Deque<StoreIntent>()
    /// Why the store fails, while it does. New jobs are refused meanwhile.
    var storeFault: String?
    var nextNumber: UInt64 = 0

    var timers = Timers()
    var sweep: Sweep
    var now: CoordinatorTime
    let started: CoordinatorTime

    var isDraining = false
    var hasReportedDrained = false
    var actions: [CoordinatorAction] = []
    /// Refused connections by kind, which the service counts.
    var connectionRefusals: [String: Int] = [:]
    public internal(set) var metrics = CoordinatorMetrics()

    /// - Parameters:
    ///   - settings: the configuration.
    ///   - changes: what operators have changed of it.
    ///   - open: the stored jobs without an outcome. Leased ones wait for their workers to reconnect.
    ///   - instance: random bytes that identify this start.
    ///   - software: the name and version of the software, as told to peers.
    ///   - time: the present time.
    public init(
        settings: CoordinatorSettings, changes: WireTenantChanges = WireTenantChanges(), open: [OpenJob] = [],
        instance: [UInt8], software: String, time: CoordinatorTime
    ) {
        self.settings = settings
        rules = TenantRules(settings, changes: changes)
        self.settings.tenants = rules.policies
        self.instance = instance
        self.software = software
        answers = AnswerBudget(connectionBytes: settings.connectionAnswerBytes, allBytes: settings.answerBytes)
        now = time
        started = time
        sweep = Sweep(start: time.steady)
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
        case .unreachable(let peer): handleUnreachable(peer)
        case .stored(let replies): applyStored(replies)
        case .storeFailed(let reason): storeFailed(reason)
        case .answered(let read, let answer): answered(read, answer)
        case .uploaded(let job, let attempt, let result): uploaded(job, attempt: attempt, result)
        case .published(let job, let attempt, let failure): published(job, attempt: attempt, failure)
        case .released(let peer, let bytes): released(bytes, of: peer)
        case .changed(let fault): changed(fault: fault)
        case .list(let list, let peer, let correlation): reply(peer, correlation, list)
        case .reconfigured(let settings): reconfigured(settings)
        case .revoked(let identities): _ = closeConnections(of: identities)
        case .tick: tick()
        case .drain: isDraining = true
        }
    }

    /// Leases what can be leased, and returns the actions that follow from the turn's events, in order.
    public mutating func finishTurn(at time: CoordinatorTime) -> [CoordinatorAction] {
        now = time
        advanceWorkers()
        dispatch()
        prepareSets()
        beginBuilds()
        flushWorkers()
        flushWatches()
        issueReads()
        if isDraining, !hasReportedDrained, requests.submits.isEmpty, leasedOrConcluding == 0 {
            hasReportedDrained = true
            actions.append(.drained)
        }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// The steady time at which the next `tick` is due if no other event happens.
    public var nextTick: Int64 {
        var next = sweep.next
        for due in [timers.notBefore.min?.time, timers.expiries.min?.time].compactMap({ $0 }) {
            // A job may name any time up to the largest integer, so the wait is capped.
            next = min(next, now.steady + min(due - now.wall, Self.longestWaitMs))
        }
        if let wait = timers.waitEnds.min { next = min(next, wait.time) }
        for watch in watchUpdates.changed {
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
