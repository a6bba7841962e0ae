/// The order of jobs within a worker.
struct DispatchOrder: Sendable {
    let tenant: Int
    let job: QueuedJob
    /// The tenant's virtual time when the job was chosen.
    let virtualTime: Double
    /// The virtual time of the job's fairness key among the keys of its tenant.
    let keyTime: Double

    /// Compares jobs of one tenant by priority, then by the virtual times of their keys, and then by age, and jobs of two
    /// tenants by the virtual times at which they were chosen.
    func precedes(_ other: DispatchOrder) -> Bool {
        guard tenant == other.tenant else { return virtualTime < other.virtualTime }
        guard job.priority == other.job.priority, keyTime != other.keyTime else { return job < other.job }
        return keyTime < other.keyTime
    }
}
