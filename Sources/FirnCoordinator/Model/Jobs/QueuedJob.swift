import JobStore

/// A job's sort key in its tenant's queue: higher priority first, then the older job.
struct QueuedJob: Comparable, Sendable {
    let priority: Int32
    let id: JobID

    static func < (left: QueuedJob, right: QueuedJob) -> Bool {
        left.priority == right.priority ? left.id < right.id : left.priority > right.priority
    }
}
