import FirnProtocol

/// What a coordinator counted since it started. The service reports the differences to swift-metrics.
public struct CoordinatorMetrics: Sendable, Equatable {
    public var messagesReceived = 0
    /// What was no message of the protocol.
    public var messagesRefused = 0
    public var jobsAccepted = 0
    public var jobsDuplicated = 0
    public var jobsRefused = 0
    /// Clients that lost what waited for them because they did not read it.
    public var clientsDropped = 0
    /// Leases that were sent to a worker.
    public var dispatched = 0
    /// Leases taken back from a worker that was lost.
    public var leasesLost = 0
    /// Leases taken back without blame.
    public var leasesReturned = 0
    /// Messages about an attempt that does not hold its job.
    public var staleRefused = 0
    public var segmentsKept = 0
    /// Trace segments of stale attempts and above a bound.
    public var segmentsDropped = 0
    /// Batches that the store committed.
    public var commits = 0
    /// Batches that the store could not commit; each is tried again.
    public var commitFailures = 0
    /// Operations that the store refused although nothing else can have changed the job: a sign of a defect.
    public var storeRefusals = 0
    /// Outcomes by the number of their kind.
    public private(set) var outcomes: [Int: Int] = [:]

    mutating func count(_ outcome: WireOutcomeKind) { outcomes[outcome.rawValue, default: 0] += 1 }
}
