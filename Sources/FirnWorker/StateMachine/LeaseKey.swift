import FirnProtocol

/// One lease of one job: what every message about a leased job names.
public struct LeaseKey: Hashable, Sendable, CustomStringConvertible {
    public let job: UInt64
    /// The fencing token.
    public let attempt: UInt32

    public init(job: UInt64, attempt: UInt32) {
        self.job = job
        self.attempt = attempt
    }

    init(_ lease: WireLease) { self.init(job: lease.job, attempt: lease.attempt) }

    /// - Parameter cpuNanoseconds: what it has used so far, if it is evaluated.
    func wire(isRunning: Bool = false, cpuNanoseconds: UInt64 = 0) -> WireLease {
        .with {
            $0.job = job
            $0.attempt = attempt
            $0.running = isRunning
            $0.cpuNs = cpuNanoseconds
        }
    }

    public var description: String { "job \(job) attempt \(attempt)" }
}
