import JobStore

/// The purpose of a store operation, which decides how its reply is handled.
enum StoreIntent: Sendable {
    case insert(submit: UInt64, index: Int, tenant: Int, Admission)
    /// The grant of a lease.
    case lease(JobID, Peer, attempt: UInt32)
    /// The result of an attempt.
    case finish(JobID, Peer, attempt: UInt32)
    /// An outcome decided by the coordinator. `cancel` names the reply that waits for it.
    case conclude(JobID, cancel: (number: UInt64, index: Int)?)
    /// A cancel request's question whether a job is finished or unknown.
    case probe(cancel: UInt64, index: Int)
    /// The question which jobs exist that those of a batch are to follow.
    case lookUp(submit: UInt64, preceding: Int64)
    /// The question how a job ended that another one waits for.
    case preceding(JobID, number: Int64)
    /// Nothing waits for the reply.
    case none
}
