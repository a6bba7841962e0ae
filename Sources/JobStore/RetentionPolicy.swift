/// How long finished jobs are kept. What exceeds a bound is removed, oldest first. Open jobs are never removed.
public struct RetentionPolicy: Sendable, Equatable {
    /// How long a job is kept after its outcome.
    public var maximumAge: Duration
    /// The number of finished jobs that are kept.
    public var maximumJobs: Int64
    /// Bytes of encoded outcomes and values that are kept.
    public var maximumResultBytes: Int64
    /// Bytes of trace segments that are kept. Above it the oldest traces are removed; their jobs stay.
    public var maximumTraceBytes: Int64
    /// Bytes of store objects that are kept. Above it the objects of the oldest runs without open jobs are removed; their
    /// jobs stay.
    public var maximumObjectBytes: Int64

    public init(
        maximumAge: Duration = .seconds(7 * 24 * 3_600), maximumJobs: Int64 = 1_000_000,
        maximumResultBytes: Int64 = 4 << 30, maximumTraceBytes: Int64 = 4 << 30,
        maximumObjectBytes: Int64 = 16 << 30
    ) {
        self.maximumAge = maximumAge
        self.maximumJobs = maximumJobs
        self.maximumResultBytes = maximumResultBytes
        self.maximumTraceBytes = maximumTraceBytes
        self.maximumObjectBytes = maximumObjectBytes
    }
}
