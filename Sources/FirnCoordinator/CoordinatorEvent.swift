import FirnProtocol
import JobStore

/// What happens to a coordinator. The machine is told the time with each.
public enum CoordinatorEvent: Sendable {
    /// A message came to the clients' or the operators' endpoint. The identity is what the connection's key says.
    case client(Peer, Identity, Envelope<ClientRequest>)
    /// A message came to the workers' endpoint.
    case worker(Peer, Identity, address: String, Envelope<WorkerMessage>)
    /// A segment came to the traces' endpoint.
    case trace(Identity, WireTraceSegment)
    /// Something came that is no message of the protocol.
    case unreadable(Peer, ProtocolError)
    /// A message to this peer found no connection.
    case unreachable(Peer)
    /// The store's answers, in the order of the `store` actions.
    case stored([JobStoreReply])
    /// A batch could not be committed, which is tried again: `stored` still follows. The reason, for clients.
    case storeFailed(String)
    /// The answer to a read of finished jobs that a watch names.
    case watchedJobsRead(Peer, correlation: UInt64, [WireJobStatus], unknown: [UInt64])
    /// Time passed. Only given when the sockets have been read empty, so that a heartbeat that came in time counts.
    case tick
    /// Take no new jobs, lease none, and say `drained` when no worker holds one.
    case drain
}

/// What the service is to do, in order.
public enum CoordinatorAction: Sendable {
    case reply(Peer, correlation: UInt64, ClientReply)
    /// The correlation is 0 but for the answer to a hello and for an error.
    case command(Peer, correlation: UInt64, WorkerCommand)
    /// One more operation of the next batch. Each gets one reply, in order, by `stored`.
    case store(JobStoreOperation)
    /// To be read from the store and answered by the service, without the machine.
    case read(CoordinatorRead)
    case keepTrace(TraceSegment)
    case drained
}

/// A question about finished jobs, which the machine does not remember.
public struct CoordinatorRead: Sendable {
    /// What is asked.
    public enum Question: Sendable {
        case status(JobID)
        /// To be answered to the machine by `watchedJobsRead`.
        case watchedJobs([JobID])
        case result(WireReadResult)
        case list(WireListJobs)
        case trace(WireReadTrace)
    }

    public let peer: Peer
    public let correlation: UInt64
    /// Whose jobs may be seen; nil for an operator.
    public let tenant: String?
    public let question: Question
}
