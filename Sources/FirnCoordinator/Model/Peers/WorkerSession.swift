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
    /// In the order in which the worker evaluates them: the first that has begun is the one that it evaluates.
    var leases: [WorkerLease] = []
    let connected: Int64
    var lastHeard: CoordinatorTime
    var finished: UInt64 = 0
    var isDraining = false
    /// False after a message found no connection, until the worker says hello.
    var isConnected = true
    /// What the end of the turn sends.
    var assignments: [WireAssignment] = []
    var committed: [WireLease] = []
    var stale: [WireStaleLease] = []
    var cancelled: [WireLease] = []
    var cancelReason = ""

    init(peer: Peer, identity: Identity, address: String, hello: WireWorkerHello, time: CoordinatorTime) {
        self.peer = peer
        self.identity = identity
        self.address = address
        self.hello = hello
        connected = time.wall
        lastHeard = time
        roots = Dictionary(
            hello.roots.map { ($0.name, [UInt8]($0.contentID)) }, uniquingKeysWith: { first, _ in first })
    }

    /// More than any worker can hold, so a sum of credits cannot overflow.
    static let maximumCredit = 100_000

    var canTake: Bool { credit > 0 && !isDraining && isConnected }

    /// A hello of the same start of the same program, so a reconnect.
    func isSameProcess(_ other: WireWorkerHello, _ otherIdentity: Identity) -> Bool {
        hello.name == other.name && hello.instance == other.instance && identity == otherIdentity
    }

    /// A hello of the process that was started when this one had ended. Only who has this one's key may say so.
    func isPredecessor(of other: WireWorkerHello, _ otherIdentity: Identity) -> Bool {
        other.hasPredecessor && hello.instance == other.predecessor.instance && identity == otherIdentity
    }

    mutating func clearOutbox() {
        assignments.removeAll(keepingCapacity: true)
        committed.removeAll(keepingCapacity: true)
        stale.removeAll(keepingCapacity: true)
        cancelled.removeAll(keepingCapacity: true)
    }

    func serves(_ requirement: Requirement) -> Bool {
        guard requirement.evaluatorVersion.isEmpty || hello.evaluatorVersions.contains(requirement.evaluatorVersion)
        else { return false }
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

    /// The job that was evaluated when the worker was last heard of: the first that has begun, or, when none has, the
    /// first that was sent.
    var runningIndex: Int? {
        leases.firstIndex { $0.hasBegun } ?? leases.firstIndex { $0.isSent }
    }

    /// Where a job goes among the leases: ahead of those that it precedes and that have not begun.
    func position(of order: DispatchOrder) -> Int {
        leases.firstIndex { !$0.hasBegun && order.precedes($0.order) } ?? leases.count
    }

    /// How long the worker is expected to be busy with what goes ahead of such a job, in nanoseconds.
    ///
    /// - Parameter order: nil is a job that precedes all that has not begun.
    func load(aheadOf order: DispatchOrder?, at steady: Int64) -> Double {
        var load = 0.0
        for (index, lease) in leases.enumerated() {
            if lease.hasBegun {
                // Of others that have begun, the results are on their way.
                if index == 0 { load += lease.load(at: steady) }
            } else if let order, !order.precedes(lease.order) {
                load += lease.expected
            }
        }
        return load
    }

    /// The job that waits in the worker and that this lease goes ahead of; nil: it goes behind all.
    func successor(of job: JobID) -> JobID? {
        guard let index = leases.firstIndex(where: { $0.job == job }) else { return nil }
        return leases[(index + 1)...].first { $0.isSent && !$0.hasBegun }?.job
    }
}
