/// A queue of a tenant: its jobs with one fairness key that need the same of a worker.
struct JobQueue: Hashable, Sendable {
    let key: String
    let requirement: Requirement
}
