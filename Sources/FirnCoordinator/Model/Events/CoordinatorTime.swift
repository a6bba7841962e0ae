/// A moment as the machine is told it. Leases and liveness are measured on the steady clock, which no correction of the
/// system's time moves; what clients see and name (not-before, expiry) is wall time.
public struct CoordinatorTime: Sendable, Hashable {
    /// Milliseconds of a clock that only rises; its zero means nothing.
    public var steady: Int64
    /// Milliseconds since 1970-01-01 UTC.
    public var wall: Int64

    public init(steady: Int64, wall: Int64) {
        self.steady = steady
        self.wall = wall
    }
}
