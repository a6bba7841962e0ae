import FirnProtocol

/// One lease of one job, as named by every message about a leased job.
public struct LeaseKey: Hashable, Sendable, CustomStringConvertible {
    public let job: UInt64
    /// The attempt number, which is the fencing token: a message with an older one is stale.
    public let attempt: UInt32

    public init(job: UInt64, attempt: UInt32) {
        self.job = job
        self.attempt = attempt
    }

    init(_ lease: WireLease) { self.init(job: lease.job, attempt: lease.attempt) }

    /// - Parameter cpuNanoseconds: processor time used so far, if the job is running.
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
