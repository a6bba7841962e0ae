import FirnProtocol

/// What a worker announces, and how much it accepts.
public struct WorkerProfile: Sendable {
    /// The hello without leases, which are added when it is sent.
    public var hello: WireWorkerHello
    public var heldJobs: Int
    public var uncommittedResults: Int
    public var uncommittedBytes: Int
    /// The time after which the current job counts as long: the jobs behind it are returned, so that another worker can
    /// have them and the coordinator can choose anew. It is twice `prefetchHorizon`, the longest wait that the
    /// coordinator plans for.
    public var longJob: Duration
    /// How long a draining worker may continue its current job.
    public var drainTimeout: Duration
    /// The heartbeat interval until a welcome names one.
    public var heartbeat = Duration.seconds(1)
    /// The coordinator's endpoint.
    public var endpoint = ""
    /// The endpoint for traces, in place of the welcome's; nil to use that one.
    public var traceEndpoint: String?

    public init(
        hello: WireWorkerHello, heldJobs: Int = 16, uncommittedResults: Int = 256, uncommittedBytes: Int = 64 << 20,
        longJob: Duration = .milliseconds(40), drainTimeout: Duration = .seconds(30)
    ) {
        self.hello = hello
        self.heldJobs = max(1, heldJobs)
        self.uncommittedResults = max(1, uncommittedResults)
        self.uncommittedBytes = max(1, uncommittedBytes)
        self.longJob = longJob
        self.drainTimeout = drainTimeout
    }
}
