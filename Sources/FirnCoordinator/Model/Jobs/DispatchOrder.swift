/// The order of jobs within a worker.
struct DispatchOrder: Sendable {
    let tenant: Int
    let job: QueuedJob
    /// The tenant's virtual time when the job was chosen.
    let virtualTime: Double

    /// Compares jobs of one tenant by priority and age, and jobs of two tenants by the virtual times at which they were
    /// chosen.
    func precedes(_ other: DispatchOrder) -> Bool {
        tenant == other.tenant ? job < other.job : virtualTime < other.virtualTime
    }
}
