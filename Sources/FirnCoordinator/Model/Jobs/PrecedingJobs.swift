import JobStore

/// Which open jobs wait for which others to end. Only existing jobs can be named, so there are no cycles.
struct PrecedingJobs: Sendable {
    /// A batch whose jobs are inserted when the store has said which jobs exist that they are to follow.
    struct LookUp: Sendable {
        let tenant: Int
        let admissions: [Admission?]
        /// Bytes that the tenant's queue reserves for the batch.
        let bytes: Int
        var remaining: Int
        /// The numbers of jobs that do not exist.
        var unknown: Set<Int64> = []
    }

    /// The batches that wait for the store, by the number of the submit.
    var lookUps: [UInt64: LookUp] = [:]
    /// The numbers of the jobs that a blocked job waits for. They are of the same tenant.
    private(set) var awaited: [JobID: Set<Int64>] = [:]
    /// The blocked jobs that wait for a job.
    private var followers: [TenantJob: Set<JobID>] = [:]

    mutating func wait(_ id: JobID, for preceding: TenantJob) {
        awaited[id, default: []].insert(preceding.number)
        followers[preceding, default: []].insert(id)
    }

    /// The jobs that wait for a job, oldest first.
    func followers(of job: TenantJob) -> [JobID] { (followers[job] ?? []).sorted() }

    /// Ends a wait.
    ///
    /// - Returns: whether the job waits for no other any more; false also if it did not wait for this one.
    mutating func endWait(of id: JobID, for preceding: TenantJob) -> Bool {
        guard awaited[id]?.remove(preceding.number) != nil else { return false }
        followers[preceding]?.remove(id)
        if followers[preceding]?.isEmpty ?? false { followers[preceding] = nil }
        guard awaited[id]?.isEmpty ?? true else { return false }
        awaited[id] = nil
        return true
    }

    /// Forgets a job that waits no longer.
    mutating func forget(_ id: JobID, tenant: Int) {
        for number in awaited.removeValue(forKey: id) ?? [] {
            let preceding = TenantJob(tenant: tenant, number: number)
            followers[preceding]?.remove(id)
            if followers[preceding]?.isEmpty ?? false { followers[preceding] = nil }
        }
    }
}
