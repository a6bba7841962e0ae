import FirnProtocol
import Foundation
import JobStore

/// A question for the store about jobs that the state machine does not hold.
public struct CoordinatorRead: Sendable {
    /// What is asked. Job numbers are those that the client knows.
    public enum Question: Sendable {
        case status(UInt64)
        /// Answered by `watched`, with as many of the jobs as fit one message.
        case watchedJobs([UInt64])
        case result(WireReadResult)
        case list(WireListJobs)
        case trace(WireReadTrace)
        case closure(WireReadClosure)
        case objects(WireReadObjects)
        case explain(UInt64)
        /// Answered by `selected`.
        case select(JobSelection)
    }

    /// What the store answers.
    public enum Answer: Sendable {
        case reply(ClientReply)
        case watched(Watched)
        case selected(JobSelection, Selected)
    }

    /// The jobs that a request selects.
    public struct Selected: Sendable {
        /// The numbers of the jobs as the client knows them.
        public var jobs: [UInt64] = []
        /// For a retry: the specification of each job, or why it is not submitted again.
        public var specifications: [Result<Data, ProtocolError>] = []
        /// The number below which there may be more jobs; 0 if there are none.
        public var nextBefore: UInt64 = 0
    }

    /// The finished jobs of a watch.
    public struct Watched: Sendable {
        public var statuses: [WireJobStatus] = []
        /// Jobs that do not exist, or that the client may not see.
        public var unknown: [UInt64] = []
        /// Jobs that were not read because the message is full. They are to be asked for again.
        public var remaining: [UInt64] = []
    }

    public let peer: Peer
    /// The session that asked. Another session may have begun on the connection when the answer comes.
    public let session: UInt64
    public let correlation: UInt64
    /// The tenant whose jobs may be read; nil for an operator, who may read all.
    public let tenant: String?
    public let question: Question
    /// Bytes that the budget reserves for the answer.
    public let reserved: Int

    /// The store's key for a job number of the client.
    func key(_ number: UInt64) -> JobKey { JobKey(number, tenant: tenant) }

    /// Bytes of value or trace that one reply carries, roughly at most.
    static let partBytes = 1 << 20
}

extension JobKey {
    /// - Parameter tenant: the tenant that counts by these numbers; nil for an operator, who uses ids.
    init(_ number: UInt64, tenant: String?) {
        let number = Int64(clamping: number)
        self = tenant.map { .number(number, tenant: $0) } ?? .id(JobID(rawValue: number))
    }
}
