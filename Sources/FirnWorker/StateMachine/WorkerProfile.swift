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
    public var longJobNanoseconds: UInt64
    public var drainNanoseconds: UInt64
    /// The heartbeat interval until a welcome names one.
    public var heartbeatNanoseconds: UInt64 = 1_000_000_000
    /// The coordinator's endpoint.
    public var endpoint = ""
    /// The endpoint for traces, in place of the welcome's; nil to use that one.
    public var traceEndpoint: String?

    public init(
        hello: WireWorkerHello, heldJobs: Int = 16, uncommittedResults: Int = 256, uncommittedBytes: Int = 64 << 20,
        longJobNanoseconds: UInt64 = 40_000_000, drainNanoseconds: UInt64 = 30_000_000_000
    ) {
        self.hello = hello
        self.heldJobs = max(1, heldJobs)
        self.uncommittedResults = max(1, uncommittedResults)
        self.uncommittedBytes = max(1, uncommittedBytes)
        self.longJobNanoseconds = longJobNanoseconds
        self.drainNanoseconds = drainNanoseconds
    }
}
