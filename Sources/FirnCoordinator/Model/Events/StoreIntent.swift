import JobStore

/// What an operation of the store was for: where its reply goes on.
enum StoreIntent: Sendable {
    case insert(submit: UInt64, index: Int, tenant: Int, Admission)
    case lease(JobID, Peer, attempt: UInt32)
    case finish(JobID, Peer, attempt: UInt32)
    /// An outcome of the coordinator's own; `cancel` names the answer that waits for it.
    case conclude(JobID, cancel: (number: UInt64, index: Int)?)
    case probe(cancel: UInt64, index: Int)
    /// Nothing waits for it.
    case none
}
