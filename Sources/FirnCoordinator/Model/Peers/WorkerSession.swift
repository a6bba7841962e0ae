import FirnProtocol
import JobStore

/// A connected worker that said hello.
struct WorkerSession: Sendable {
    let peer: Peer
    let identity: Identity
    let address: String
    var hello: WireWorkerHello
    var roots: [String: [UInt8]]
    var credit = 0
    /// The leases in the order in which the worker evaluates them. The first one that has begun is the one being
    /// evaluated.
    var leases: [WorkerLease] = []
    /// The first lease that the worker has not ended, and the steady time since when it is the first.
    var first: (job: JobID, attempt: UInt32, since: Int64)?
    let connected: Int64
    var lastHeard: CoordinatorTime
    /// The jobs for which something is built, or waits to be built, on the worker's machine.
    var building: Set<JobID> = []
    /// The prepared sets that the worker announced last, by name.
    var preparedSets: [String: WirePreparedSet] = [:]
    /// The identities of the sets that it was told to prepare and has not announced since.
    var preparing: Set<[UInt8]> = []
    var finished: UInt64 = 0
    var isDraining = false
    /// Whether the connection works: false from when a message found no connection until the worker says hello.
    var isConnected = true
    /// Messages that are sent at the end of the turn.
    var assignments: [WireAssignment] = []
    var committed: [WireLease] = []
    var stale: [WireStaleLease] = []
    /// Each message bears the leases that are cancelled for one reason.
    private(set) var cancellations: [WireCancelAttempts] = []

    init(peer: Peer, identity: Identity, address: String, hello: WireWorkerHello, time: CoordinatorTime) {
        self.peer = peer
        self.identity = identity
        self.address = address
        self.hello = hello
        connected = time.wall
        lastHeard = time
        roots = Dictionary(
            hello.roots.map { ($0.name, [UInt8]($0.contentID)) }, uniquingKeysWith: { first, _ in first })
        announce(hello.preparedSets)
    }

    /// A bound above what any worker can hold, so that a sum of credits cannot overflow.
    static let maximumCredit = 100_000

    var acceptsJobs: Bool { credit > 0 && !isDraining && isConnected }

    /// Whether a hello comes from the same process, and so is a reconnect.
    func isSameProcess(_ other: WireWorkerHello, _ otherIdentity: Identity) -> Bool {
        hello.name == other.name && hello.instance == other.instance && identity == otherIdentity
    }

    /// Whether a hello comes from the process that replaced this one. Only a holder of the same key may claim that.
    func isPredecessor(of other: WireWorkerHello, _ otherIdentity: Identity) -> Bool {
        other.hasPredecessor && hello.instance == other.predecessor.instance && identity == otherIdentity
    }

    mutating func clearOutbox() {
        assignments.removeAll(keepingCapacity: true)
        committed.removeAll(keepingCapacity: true)
        stale.removeAll(keepingCapacity: true)
        cancellations.removeAll(keepingCapacity: true)
    }

    /// Adds a lease to the message of its reason.
    mutating func cancel(_ lease: WireLease, reason: String) {
        if let last = cancellations.last, last.reason == reason {
            cancellations[cancellations.count - 1].leases.append(lease)
        } else {
            cancellations.append(
                .with {
                    $0.leases = [lease]
                    $0.reason = reason
                })
        }
    }

    /// Takes what the worker says of its prepared sets in place of what it said before.
    mutating func announce(_ sets: [WirePreparedSet]) {
        preparedSets = Dictionary(sets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        preparing = []
    }

    /// Whether the worker can run a job now.
    func satisfies(_ requirement: Requirement) -> Bool {
        guard let prepared = requirement.prepared else { return satisfiesRest(requirement) }
        guard let set = preparedSets[prepared.name], set.state == .ready, prepared.matches(set) else { return false }
        return satisfiesRest(requirement)
    }

    /// Whether the worker could run a job if it prepared the set that the job needs, or is preparing it.
    func canPrepare(_ requirement: Requirement) -> Bool {
        guard let prepared = requirement.prepared, let set = preparedSets[prepared.name], prepared.matches(set)
        else { return false }
        return set.state != .failed && satisfiesRest(requirement)
    }

    /// What does not concern prepared sets.
    private func satisfiesRest(_ requirement: Requirement) -> Bool {
        guard requirement.evaluatorVersion.isEmpty || hello.evaluatorVersions.contains(requirement.evaluatorVersion)
        else { return false }
        if requirement.builds, !hello.builds { return false }
        guard hello.closures || !requirement.uploadsObjects else { return false }
        return requirement.roots.allSatisfy { name, id in
            guard let own = roots[name] else { return false }
            return id.isEmpty || own == id
        }
    }

    func index(of job: JobID, attempt: UInt32) -> Int? {
        leases.firstIndex { $0.job == job && $0.attempt == attempt }
    }

    mutating func drop(_ job: JobID) {
        if let index = leases.firstIndex(where: { $0.job == job }) { leases.remove(at: index) }
    }

    /// The index of the job that was being evaluated when the worker was last heard of: the first one that has begun,
    /// or else the first one that was sent.
    var runningIndex: Int? {
        leases.firstIndex { $0.hasBegun } ?? leases.firstIndex { $0.isSent }
    }

    /// The index at which a job is inserted: ahead of the leases that it precedes and that have not begun.
    func position(of order: DispatchOrder) -> Int {
        leases.firstIndex { !$0.hasBegun && order.precedes($0.order) } ?? leases.count
    }

    /// The nanoseconds for which the worker is expected to be busy before it begins such a job.
    ///
    /// - Parameter order: nil stands for a job that precedes everything that has not begun.
    func load(aheadOf order: DispatchOrder?, at steady: Int64) -> Double {
        var load = 0.0
        for (index, lease) in leases.enumerated() {
            if lease.hasBegun {
                // Other leases that have begun only wait for their results to arrive.
                if index == 0 { load += lease.load(at: steady) }
            } else if let order, !order.precedes(lease.order) {
                load += lease.expected
            }
        }
        return load
    }

    /// The waiting job that this lease goes ahead of; nil if it goes behind all others.
    func successor(of job: JobID) -> JobID? {
        guard let index = leases.firstIndex(where: { $0.job == job }) else { return nil }
        return leases[(index + 1)...].first { $0.isSent && !$0.hasBegun }?.job
    }
}
