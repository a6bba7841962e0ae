import DequeModule
import HeapModule
import JobStore

/// What the coordinator knows of a tenant: its queues, its usage and its fair share.
struct TenantState: Sendable {
    let name: String
    let policy: TenantPolicy
    var queues: [Requirement: Heap<QueuedJob>] = [:]
    /// The number of entries in `queues`, including those whose job was removed.
    var entries = 0
    var delayed = 0
    var ready = 0
    /// Ready jobs that were leased before.
    var requeued = 0
    /// Bytes of the specifications of waiting jobs and of those being inserted.
    var queuedBytes = 0
    /// Jobs whose insertion is being committed. They count as queued.
    var inserting = 0
    /// Leased jobs, and those of them that are being evaluated.
    var leased = 0
    var running = 0
    /// Jobs whose builds have begun.
    var building = 0
    /// Jobs whose builds wait for their turn, oldest first, including some that no longer wait.
    var waitingBuilds = Deque<JobID>()
    var finished: UInt64 = 0
    /// What the tenant's jobs have used since the coordinator started.
    var used = JobUsage()
    var share: FairShare
    /// The number of the lease with which the tenant was served last.
    var lastServed: UInt64 = 0
    var fuelWindow = HourlyWindow()
    var traceWindow = HourlyWindow()
    var closureWindow = HourlyWindow()
    var rate = CompletionRate()

    init(name: String, policy: TenantPolicy) {
        self.name = name
        self.policy = policy
        share = FairShare(weight: policy.weight)
    }

    var waiting: Int { delayed + ready + inserting }

    mutating func enqueue(_ job: Job) {
        queues[job.requirement, default: Heap()].insert(
            QueuedJob(priority: job.admission.priority, id: job.id))
        entries += 1
    }

    mutating func removeFirst(of requirement: Requirement) {
        guard queues[requirement]?.popMin() != nil else { return }
        entries -= 1
        if queues[requirement]?.isEmpty ?? false { queues[requirement] = nil }
    }

    /// Ends the lease of a job.
    ///
    /// - Parameter isWhole: whether `used` is all that the job needs, and not only what it had used when it was
    ///   interrupted.
    mutating func settle(_ charge: FairShare.Charge, used: JobUsage, isWhole: Bool) {
        share.settle(charge, cost: used.cost, isWhole: isWhole)
        self.used += used
    }
}
