import FirnProtocol
import JobStore

/// A question about jobs that the machine does not remember, for the store.
public struct CoordinatorRead: Sendable {
    /// What is asked. Numbers of jobs are those that the client knows.
    public enum Question: Sendable {
        case status(UInt64)
        /// Answered by `watched`, with as many of them as make one message.
        case watchedJobs([UInt64])
        case result(WireReadResult)
        case list(WireListJobs)
        case trace(WireReadTrace)
    }

    public enum Answer: Sendable {
        case reply(ClientReply)
        case watched(Watched)
    }

    /// Finished jobs of a watch.
    public struct Watched: Sendable {
        public var statuses: [WireJobStatus] = []
        /// Jobs that the client may not see, or that are not there.
        public var unknown: [UInt64] = []
        /// Not read yet, because the message is full: to be asked again.
        public var left: [UInt64] = []
    }

    public let peer: Peer
    /// Of the connection: another one may have begun when the answer comes.
    public let session: UInt64
    public let correlation: UInt64
    /// Whose jobs may be seen; nil for an operator.
    public let tenant: String?
    public let question: Question
    /// Bytes that the budget holds for the answer.
    public let reserved: Int

    /// How a job with this number is found.
    func key(_ number: UInt64) -> JobKey { JobKey(number, tenant: tenant) }

    /// What a part of a value or trace carries at most, about, in bytes.
    static let partBytes = 1 << 20
}

extension JobKey {
    /// - Parameter tenant: whose numbers are meant; nil for an operator, who uses ids.
    init(_ number: UInt64, tenant: String?) {
        let number = Int64(clamping: number)
        self = tenant.map { .number(number, tenant: $0) } ?? .id(JobID(rawValue: number))
    }
}
