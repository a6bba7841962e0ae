import ZeroMQ

/// What a worker is told when it starts.
public struct WorkerConfiguration: Sendable {
    /// Unique among the workers of a coordinator; of a supervised process, with its number.
    public var name: String
    /// The coordinator's endpoint for workers, such as `tcp://farm.example:7702`.
    public var endpoint: String
    /// Where traces go; nil is what the coordinator's welcome says. An address that is only valid on the coordinator's
    /// own machine, such as `0.0.0.0`, is one reason to say it here.
    public var traceEndpoint: String?
    public var security: SocketOptions.Security
    /// Directories that jobs may read, by the name that jobs know them by.
    public var roots: [String: String] = [:]
    /// Whether the roots are announced with ids of their content, for which every file of theirs is read at the start.
    /// Without, only jobs that ask for no content id fit.
    public var announcesContentIDs = true
    /// Jobs that are taken at most: the one that is evaluated and those that wait behind it, so that the machine never
    /// waits for the coordinator, which gives only what should begin soon.
    public var heldJobs = 16
    /// Results that the coordinator has not committed yet; from it on, no more jobs are asked for, and none begins.
    public var uncommittedResults = 256
    /// The same in bytes of their values.
    public var uncommittedBytes = 64 << 20
    /// About what compiled programs that are kept between jobs may take in memory.
    public var programCacheBytes = 128 << 20
    /// Where compiled programs are kept in files for processes that come later; nil: nowhere.
    public var programCacheDirectory: String?
    /// Bytes of what a job prints with `trace` and `warn` that are kept.
    public var printedBytes = 64 << 10
    /// Bytes of trace segments that wait to be sent; what comes while they are used up is dropped and counted.
    public var traceQueueBytes = 32 << 20
    /// How long a worker that is told to stop may go on with the job that it evaluates. Then the job is given back.
    public var drainMilliseconds: UInt64 = 30_000
    public var ipv6 = false
    /// Named to the coordinator, for its logs.
    public var software = "firn"

    public init(name: String, endpoint: String, security: SocketOptions.Security = .plain) {
        self.name = name
        self.endpoint = endpoint
        self.security = security
    }
}
