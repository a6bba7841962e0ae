import FirnMessages

/// What a tenant may use. A bound of 0 means "no bound" only where it says so.
public struct TenantPolicy: Sendable {
    /// Its share of the workers, by what jobs cost (`JobUsage.cost`), against other tenants that have jobs waiting; from 0.001.
    public var weight: Double = 1
    /// Jobs that wait. A submit beyond it is refused with a time to try again.
    public var maximumQueued = 100_000
    /// Bytes of specifications that wait: they are held in memory.
    public var maximumQueuedBytes = 512 << 20
    /// Jobs that run at once. A worker to which jobs of the tenant are leased counts as one (`Occupancy`).
    public var maximumRunning = 10_000
    /// Sum of the memory limits of the jobs that run at once: of each worker the largest of those leased to it; 0: no bound.
    public var maximumRunningMemory: UInt64 = 0
    /// Fuel in an hour of the clock; when it is used up, submits are refused until the hour ends. 0: no bound.
    public var fuelPerHour: UInt64 = 0
    /// Trace bytes kept in an hour; what is above is dropped, and the trace says so. 0: no bound.
    public var traceBytesPerHour: UInt64 = 1 << 30
    /// Connections of its clients; past it a hello is refused.
    public var maximumConnections = 256
    /// Jobs that its connections watch together.
    public var maximumWatched = 1_000_000
    /// Bytes of answers that wait for its connections together; what there is no room for stays in the store.
    public var answerBytes = 64 << 20
    /// The limits of a job that names none.
    public var defaultLimits = WireLimits.with {
        $0.fuel = 10_000_000_000
        $0.memoryBytes = 1 << 30
        $0.depth = 10_000_000
        $0.timeoutMs = 60_000
        $0.resultBytes = 16 << 20
        $0.traceBytes = 64 << 20
    }
    /// The highest limits a job may name.
    public var maximumLimits = WireLimits.with {
        $0.fuel = 1_000_000_000_000
        $0.memoryBytes = 8 << 30
        $0.depth = 10_000_000
        $0.timeoutMs = 3_600_000
        $0.resultBytes = 256 << 20
        $0.traceBytes = 1 << 30
    }
    /// Names of the roots that its jobs may read; nil for all.
    public var roots: Set<String>?

    public init() {}
}
