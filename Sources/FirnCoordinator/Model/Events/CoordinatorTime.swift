/// A moment. Leases and liveness are measured on the steady clock, which no correction of the system's time affects.
/// What clients see and name (not-before, expiry) is wall time.
public struct CoordinatorTime: Sendable, Hashable {
    /// Milliseconds of a monotonic clock, of which only differences have a meaning.
    public var steady: Int64
    /// Milliseconds since 1970-01-01 UTC.
    public var wall: Int64

    public init(steady: Int64, wall: Int64) {
        self.steady = steady
        self.wall = wall
    }
}
