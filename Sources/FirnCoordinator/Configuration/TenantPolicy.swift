import FirnProtocol

/// What a tenant may use. A bound of 0 means "no bound" only where that is said.
public struct TenantPolicy: Sendable {
    /// The tenant's share of the workers by the cost of its jobs (`JobUsage.cost`), relative to other tenants with
    /// waiting jobs. It is at least 0.001.
    public var weight: Double = 1
    /// Jobs that wait. A submit above it is refused with a time to retry.
    public var maximumQueued = 100_000
    /// Bytes of specifications that wait. They are held in memory.
    public var maximumQueuedBytes = 512 << 20
    /// Jobs that run at once. A worker that holds jobs of the tenant counts as one (`Occupancy`).
    public var maximumRunning = 10_000
    /// Jobs of one fairness key that are leased at once. 0: no bound.
    public var maximumPerKey = 0
    /// Whether none of its jobs is leased. They are accepted and wait.
    public var isPaused = false
    /// Jobs at once for which something is built that they read (import from derivation). With 0, jobs that ask for it are
    /// refused.
    public var maximumBuilding = 4
    /// The sum of the memory limits of jobs that run at once; each worker counts with the largest limit among the
    /// tenant's jobs that it holds. 0: no bound.
    public var maximumRunningMemory: UInt64 = 0
    /// Fuel used in an hour of wall time. When it is used up, submits are refused until the hour ends. 0: no bound.
    public var fuelPerHour: UInt64 = 0
    /// Bytes of traces stored in an hour of wall time. Segments above it are dropped, and the trace is reported as
    /// partial. 0: no bound.
    public var traceBytesPerHour: UInt64 = 1 << 30
    /// Bytes of store objects uploaded in an hour of wall time. A job that would pass it ends as `resultTooLarge`. 0: no
    /// bound.
    public var closureBytesPerHour: UInt64 = 64 << 30
    /// Connections of the tenant's clients. Further hellos are refused.
    public var maximumConnections = 256
    /// Jobs that the tenant's connections watch together.
    public var maximumWatched = 1_000_000
    /// Bytes of replies that may wait to be read by the tenant's connections. Results for which there is no room stay
    /// in the store.
    public var answerBytes = 64 << 20
    /// The limits of a job that names none.
    public var defaultLimits = WireLimits.with {
        $0.fuel = 10_000_000_000
        $0.memoryBytes = 1 << 30
        $0.depth = 10_000_000
        $0.timeoutMs = 60_000
        $0.resultBytes = 16 << 20
        $0.traceBytes = 64 << 20
        $0.closureBytes = 1 << 30
    }
    /// The highest limits that a job may name.
    public var maximumLimits = WireLimits.with {
        $0.fuel = 1_000_000_000_000
        $0.memoryBytes = 8 << 30
        $0.depth = 10_000_000
        $0.timeoutMs = 3_600_000
        $0.resultBytes = 256 << 20
        $0.traceBytes = 1 << 30
        $0.closureBytes = 16 << 30
    }
    /// The names of the roots that the tenant's jobs may read; nil for all.
    public var roots: Set<String>?

    public init() {}
}
