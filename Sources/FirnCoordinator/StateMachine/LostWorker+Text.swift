import JobStore

extension LostWorker {
    /// One line for operators.
    var text: String { "attempt \(attempt) on \(worker): \(cause)" }
    /// One line for the job's tenant, which is not told the names of workers.
    var textForTenant: String { "attempt \(attempt): \(cause)" }
}
