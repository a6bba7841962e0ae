/// The memory that all worker processes together may take, and its division among jobs.
///
/// A job's limit counts everything that its evaluation takes. A process takes memory besides: its code, a result on its
/// way, the programs that it keeps for the next job, and what its allocator cannot use. So much of each worker's share is
/// left to the process, so that the sum over the processes stays below the budget.
struct MemoryBudget: Equatable {
    /// The share of one worker, in bytes.
    let share: Int
    let workers: Int
    /// An upper bound on a job's memory, in bytes, that was asked for.
    var jobLimit: Int?

    /// What a worker process takes beside its job and the programs that it keeps: about 40 MB when it is idle, and a
    /// result three times.
    static let processBytes = (40 << 20) + 3 * EvalJobsRun.resultBytes
    /// The smallest share, of which half is a job's.
    static let minimumShare = 256 << 20
    static let defaultShare = 4 << 30

    /// The limit on programs that a worker keeps for the next job.
    var programCacheBytes: Int { min(128 << 20, share / 16) }

    /// A share without what the process takes, and a sixteenth of that, which the allocator cannot use.
    private var usable: Int { (share - Self.processBytes - programCacheBytes) / 16 * 15 }

    /// The limit of a job beside which others run.
    var ofJob: Int { min(jobLimit ?? .max, usable) }

    /// The limit of a job that runs while no other does.
    var ofLoneJob: Int { min(jobLimit ?? .max, workers * usable) }
}
