import FirnProtocol
import JobStore

/// A connected worker that said hello.
struct WorkerSession: Sendable {
    struct Held: Sendable {
        let job: JobID
        let attempt: UInt32
        /// The lease is committed and the job was sent.
        var isSent: Bool
        /// As the last heartbeat said.
        var isRunning: Bool
        /// Steady time; counts from the sending.
        var expires: Int64
    }

    let peer: Peer
    let identity: Identity
    let address: String
    var hello: WireWorkerHello
    var roots: [String: [UInt8]]
    var credit = 0
    /// In the order of dispatch, which is the order in which the worker runs them.
    var held: [Held] = []
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

    /// More than any worker can hold; so a sum of credits cannot overflow.
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
        held.firstIndex { $0.job == job && $0.attempt == attempt }
    }

    mutating func drop(_ job: JobID) {
        if let index = held.firstIndex(where: { $0.job == job }) { held.remove(at: index) }
    }

    /// The job that was evaluated when the worker was last heard of. A worker runs what it holds in order, so it is the
    /// first that was sent and has no result, unless a heartbeat named another.
    var runningIndex: Int? {
        held.firstIndex { $0.isRunning } ?? held.firstIndex { $0.isSent }
    }
}
