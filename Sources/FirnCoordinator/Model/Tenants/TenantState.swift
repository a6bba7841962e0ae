import DequeModule
import HeapModule
import JobStore

/// What the coordinator knows of a tenant: its queues, its usage and its fair share.
struct TenantState: Sendable {
    let name: String
    private(set) var policy: TenantPolicy
    var queues: [JobQueue: Heap<QueuedJob>] = [:]
    /// The number of open jobs for each queue that they would wait in when they were submitted.
    private(set) var queueNames: [JobQueue: Int] = [:]
    /// The number of entries in `queues`, including those whose job was removed.
    var entries = 0
    var delayed = 0
    /// Jobs that wait for others.
    var blocked = 0
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
    var keys = KeyShares()
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

    /// The most queues. Each one is looked at when a job is chosen, so that many would delay other tenants.
    static let maximumQueues = 1_000

    var waiting: Int { delayed + blocked + ready + inserting }

    /// Puts another policy in force.
    mutating func setPolicy(_ new: TenantPolicy) {
        policy = new
        share.setWeight(new.weight)
    }

    mutating func enqueue(_ job: Job) {
        queues[job.queue, default: Heap()].insert(QueuedJob(priority: job.admission.priority, id: job.id))
        entries += 1
    }

    mutating func removeFirst(of queue: JobQueue) {
        guard queues[queue]?.popMin() != nil else { return }
        entries -= 1
        if queues[queue]?.isEmpty ?? false { queues[queue] = nil }
    }

    /// Whether an open job may be added that waits in this queue.
    func hasRoom(for queue: JobQueue) -> Bool {
        queueNames.count < Self.maximumQueues || queueNames[queue] != nil
    }

    /// Counts an open job.
    mutating func count(_ admission: Admission, _ sign: Int) {
        let queue = JobQueue(key: admission.key, requirement: admission.requirement)
        let count = queueNames[queue, default: 0] + sign
        queueNames[queue] = count == 0 ? nil : count
    }

    /// Ends the lease of a job.
    ///
    /// - Parameter isWhole: whether `used` is all that the job needs, and not only what it had used when it was
    ///   interrupted.
    mutating func settle(_ charge: FairShare.Charge, key: String, used: JobUsage, isWhole: Bool) {
        keys.settle(charge, cost: used.cost, isWhole: isWhole, key)
        share.settle(charge, cost: used.cost, isWhole: isWhole)
        self.used += used
    }
}
