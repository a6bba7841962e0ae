import FirnKeys
import FirnProtocol
import Foundation
import JobStore

/// An event of the coordinator. The state machine is given the time together with each event.
public enum CoordinatorEvent: Sendable {
    /// A message arrived at the endpoint for clients or operators. The identity is the one of the connection's key.
    case client(Peer, Identity, Envelope<ClientRequest>)
    /// A message arrived at the endpoint for workers. The address is the one libzmq reports for the connection.
    case worker(Peer, Identity, address: String, Envelope<WorkerMessage>)
    /// A segment arrived at the endpoint for traces.
    case trace(Identity, WireTraceSegment)
    /// A message arrived that does not follow the protocol.
    case unreadable(Peer, ProtocolError)
    /// A message to this peer found no connection.
    case unreachable(Peer)
    /// The store's replies, in the order of the `store` actions.
    case stored([JobStoreReply])
    /// A batch could not be committed and is being retried: `stored` still follows. The text is the reason, for
    /// clients.
    case storeFailed(String)
    /// The store's answer to a `read` action.
    case answered(CoordinatorRead, CoordinatorRead.Answer)
    /// What an `upload` action of that attempt led to: the names of an offer that the job's run has, or why it failed.
    /// There is one for each such action, in their order.
    case uploaded(JobID, attempt: UInt32, Result<Set<Data>, JobStoreError>)
    /// What a `publish` action led to: nil, or why the objects of the job are not in the cache.
    case published(JobID, attempt: UInt32, failure: String?)
    /// The client has read that many bytes, or they were discarded. Bytes are counted as by `ClientReply.bytes`.
    case released(Peer, bytes: Int)
    /// What a `saveTenants` or `changeKey` action led to: nil, or why it failed.
    case changed(ProtocolError?)
    /// The answer to a `listTenants` or `listKeys` action.
    case list(ClientReply, Peer, correlation: UInt64)
    /// The configuration was read again.
    case reconfigured(CoordinatorSettings)
    /// Identities have no authorised key any more.
    case revoked(Set<Identity>)
    /// Time passed. The event is given only after the sockets were read empty, so that a heartbeat that came in time
    /// counts.
    case tick
    /// The coordinator is to accept and lease no further jobs, and to emit `drained` when no worker holds one.
    case drain
}

/// What the service must do, in order.
public enum CoordinatorAction: Sendable {
    /// Send a reply to a client or operator.
    case reply(Peer, correlation: UInt64, ClientReply)
    /// Send a command to a worker. The correlation id is 0 except for the reply to a hello and for an error.
    case command(Peer, correlation: UInt64, WorkerCommand)
    /// Add an operation to the next batch. Each operation gets one reply, in order, by `stored`.
    case store(JobStoreOperation)
    /// Read from the store, and answer with `answered`.
    case read(CoordinatorRead)
    /// Discard what is queued for the client, and report the discarded bytes by `released`.
    case discard(Peer)
    /// Append a segment to the job's stored trace.
    case appendTrace(TraceSegment)
    /// Apply an operation to the store's objects, and report its end by `uploaded`.
    case upload(UploadOperation, JobID, attempt: UInt32)
    /// Add the objects of an attempt to the binary cache, and report the end by `published`. The lists have the numbers
    /// of their uploads.
    case publish(JobID, attempt: UInt32)
    /// Keep the operators' changes of tenants, and report the end by `changed`.
    case saveTenants(WireTenantChanges)
    /// Change the authorised keys, and report the end by `changed`.
    case changeKey(KeyChange)
    /// Answer with the tenants (an empty name stands for all), or with the keys like that of an owner.
    case listTenants(String, Peer, correlation: UInt64)
    case listKeys(Identity?, Peer, correlation: UInt64, closed: Int)
    /// Discard what is queued for the peer, and close its connection.
    case disconnect(Peer)
    /// Report that the drain is complete.
    case drained
}
