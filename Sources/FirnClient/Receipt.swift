import FirnProtocol

/// The coordinator's answer to one job of a submit.
public enum Receipt: Sendable, Hashable {
    /// The job is committed and will not be lost. `isDuplicate`: an earlier submit with the same idempotency key
    /// created it.
    case accepted(job: UInt64, isDuplicate: Bool)
    case refused(ClientError)

    /// Reads what the coordinator answered.
    public init(_ wire: WireReceipt) {
        switch wire.answer {
        case .accepted(let accepted): self = .accepted(job: accepted.job, isDuplicate: accepted.duplicate)
        case .refused(let error): self = .refused(ClientError(error))
        case nil: self = .refused(.unexpectedReply)
        }
    }

    public var job: UInt64? {
        if case .accepted(let job, _) = self { return job }
        return nil
    }
}
