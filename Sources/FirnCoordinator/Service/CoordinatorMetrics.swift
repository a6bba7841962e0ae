import FirnProtocol

/// Counters since the coordinator started. The service reports their increases to swift-metrics.
public struct CoordinatorMetrics: Sendable, Equatable {
    public var messagesReceived = 0
    /// Messages that did not follow the protocol.
    public var messagesRefused = 0
    public var jobsAccepted = 0
    public var jobsDuplicated = 0
    /// Accepted jobs that took the stored outcome of an equal one.
    public var jobsFromCache = 0
    public var jobsRefused = 0
    /// Clients that lost their session because they did not read their replies.
    public var clientsDropped = 0
    /// Leases that were sent to a worker.
    public var dispatched = 0
    /// Leases taken back from a lost worker.
    public var leasesLost = 0
    /// Leases taken back without blame.
    public var leasesReturned = 0
    /// Messages about an attempt that does not hold its job.
    public var staleRefused = 0
    public var segmentsStored = 0
    /// Trace segments of stale attempts or above a bound.
    public var segmentsDropped = 0
    /// Bytes of store objects that workers uploaded.
    public var objectBytes = 0
    /// Batches that the store committed.
    public var commits = 0
    /// Batches that the store failed to commit. Each is retried.
    public var commitFailures = 0
    /// Operations that the store refused although nothing else can have changed the job, which indicates a defect.
    public var storeRefusals = 0
    /// Refused messages and jobs by the name of the error code, and those that are refused without an answer.
    public var refusals: [String: Int] = [:]
    /// Finished jobs by the protocol's number of their outcome.
    public private(set) var outcomes: [Int: Int] = [:]

    mutating func count(_ outcome: WireOutcomeKind) { outcomes[outcome.rawValue, default: 0] += 1 }
}
