import DequeModule
import FirnProtocol
import JobStore

/// A connected client or operator that said hello.
struct ClientSession: Sendable {
    /// Distinguishes this session from earlier ones of the same connection, whose reads may still be in progress.
    let number: UInt64
    let identity: Identity
    var lastHeard: Int64
    /// The steady time at which it last read something that was queued for it, or had nothing queued.
    var lastRead: Int64
    var watches: [UInt64: Watch] = [:]
    /// The waiting `Get`s of the client, by number.
    var waits: Set<UInt64> = []
    /// Jobs in its watches whose end was not reported yet.
    var watched = 0
    /// Reads that wait for room for their answers, in order.
    var reads = Deque<WaitingRead>()
    /// The number of `reads` that do not belong to a watch.
    var questions = 0
    /// Reads in progress.
    var readsUnderWay = 0

    /// The tenant whose jobs it sees; nil for an operator, who sees all.
    var tenant: String? { identity.tenant?.name }
}

/// A read that waits for its turn.
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
