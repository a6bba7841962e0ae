import FirnProtocol
import JobStore

/// A connected client or operator that said hello.
struct ClientSession: Sendable {
    /// Tells it from earlier ones of the same connection, whose reads may still be under way.
    let number: UInt64
    let identity: Identity
    var lastHeard: Int64
    /// When it last took something of what waits for it, or had nothing waiting.
    var lastTaken: Int64
    var watches: [UInt64: Watch] = [:]
    /// `Get`s that wait for their job.
    var waits: Set<UInt64> = []
    /// Jobs in its watches of which the end was not told yet.
    var watched = 0
    /// What is to be read from the store for it, in order, when there is room for the answers.
    var reads = FIFO<WaitingRead>()
    /// Of `reads`, those that are not a watch's.
    var questions = 0
    /// Reads that are under way.
    var readsUnderWay = 0

    /// Whose jobs it sees; nil for an operator, who sees all.
    var tenant: String? { identity.tenant?.name }
}

/// What a client waits for that only the store knows.
enum WaitingRead: Sendable {
    case question(correlation: UInt64, CoordinatorRead.Question)
    /// The next finished jobs of a watch.
    case watch(correlation: UInt64)
}

/// What the connections of a tenant, or of all operators, use together.
struct ClientLoad: Sendable {
    var connections = 0
    var watched = 0
}

/// A `Get` that waits for its job.
struct Wait: Sendable {
    let peer: Peer
    let correlation: UInt64
    let job: JobID
    let until: Int64
}

/// A `Submit` whose jobs are being committed.
struct PendingSubmit: Sendable {
    let peer: Peer
    let correlation: UInt64
    let watch: Bool
    var receipts: [WireReceipt]
    var remaining: Int
}

/// A `Cancel` of which some effects are not committed yet.
struct PendingCancel: Sendable {
    let peer: Peer
    let correlation: UInt64
    var effects: [WireCancellation]
    var remaining: Int
}
