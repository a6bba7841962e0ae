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
    /// The store's answer to a `read` action.
    case answered(CoordinatorRead, CoordinatorRead.Answer)
    /// A client has taken so many bytes of what it was sent, or they will not be sent: as counted by `ClientReply.bytes`.
    case released(Peer, bytes: Int)
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
    /// To be read from the store; the service answers with `answered`.
    case read(CoordinatorRead)
    /// Throw away what waits in the service for the client, and say by `released` how much that was.
    case discard(Peer)
    case keepTrace(TraceSegment)
    case drained
}
