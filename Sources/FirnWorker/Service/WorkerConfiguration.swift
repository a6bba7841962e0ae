import NixStore
import NixVM
import Sandbox
import ZeroMQ

/// The configuration of a worker process.
public struct WorkerConfiguration: Sendable {
    /// The worker's name, unique among the workers of a coordinator. A supervised process has its number appended.
    public var name: String
    /// The coordinator's endpoint for workers, such as `tcp://farm.example:7702`.
    public var endpoint: String
    /// The endpoint for traces; nil to use the one in the coordinator's welcome. It must be set if that address is
    /// valid only on the coordinator's own machine, for example.
    public var traceEndpoint: String?
    public var security: SocketOptions.Security
    /// Directories that jobs may read, by the names that jobs use.
    public var roots: [String: String] = [:]
    /// Whether the roots are announced with content ids, for which all their files are read at the start. Without ids
    /// the worker serves only jobs that ask for none.
    public var announcesContentIDs = true
    /// The most jobs held at once: the one being evaluated and those waiting behind it. They are prefetched so that the
    /// evaluator never waits for the coordinator, which sends only jobs that should begin soon.
    public var heldJobs = 16
    /// The time after which the current job counts as long, and the jobs behind it are returned.
    public var longJob = Duration.milliseconds(40)
    /// The number of uncommitted results at which no further job is requested or begun.
    public var uncommittedResults = 256
    /// The same bound in bytes of results.
    public var uncommittedBytes = 64 << 20
    /// Approximate bytes of compiled programs that are kept in memory between jobs.
    public var programCacheBytes = 128 << 20
    /// The directory in which compiled programs are kept for later processes; nil for none.
    public var programCacheDirectory: String?
    /// The directory for what the fetchers of jobs download; nil if jobs may open no connection.
    public var downloadDirectory: String?
    /// The URLs that jobs may download from, with what lies below them; empty for all.
    public var downloadURLs: [String] = []
    /// Bytes of a job's output from `trace` and `warn` that are kept.
    public var printedBytes = 64 << 10
    /// Bytes of trace segments that may wait to be sent. Segments beyond that are dropped and counted.
    public var traceQueueBytes = 32 << 20
    /// How long a draining worker may continue its current job. After that the job is abandoned and its lease returns.
    public var drainTimeout = Duration.seconds(30)
    /// Where what jobs read of derivations is built; nil if jobs may not read it.
    public var builder: WorkerBuilder?
    /// The sets that are evaluated before jobs ask for them; at most 64. Those that are made here need `images`.
    public var preparedSets: [PreparedSet] = []
    /// Where their images are kept; nil if none is made.
    public var images: ImageSettings?
    /// How the processes that evaluate are started; nil to evaluate in this process, without a sandbox.
    public var evaluators: EvaluatorLaunch?
    /// The sandbox of these processes. What they may read and write is added to it.
    public var sandbox = SandboxPolicy()
    public var ipv6 = false
    /// The name and version of the software, as told to the coordinator.
    public var software = "firn"

    public init(name: String, endpoint: String, security: SocketOptions.Security = .plain) {
        self.name = name
        self.endpoint = endpoint
        self.security = security
    }

    /// What the fetchers of jobs may do.
    var fetching: FetchSettings {
        .farm(downloadDirectory: downloadDirectory, downloadURLs: downloadURLs)
    }
}
