/// What is known of an evaluation in progress. Times are steady.
struct Evaluation: Sendable {
    let began: Int64
    /// Processor time that the worker reported last, in nanoseconds, and the time of that report.
    var cpuNanoseconds: UInt64 = 0
    var reportedAt: Int64

    init(began: Int64) {
        self.began = began
        reportedAt = began
    }

    /// The estimated usage if the evaluation ends now without a result: the reported processor time and the time since
    /// the report, which is the most that one thread can use. At most one heartbeat is added, because after that the
    /// worker would have reported more.
    func used(at steady: Int64, heartbeatMs: Int64) -> JobUsage {
        let unreported = UInt64(clamping: min(max(steady - reportedAt, 0), heartbeatMs)) * 1_000_000
        return JobUsage(cpuNanoseconds: cpuNanoseconds + unreported)
    }
}
