import FirnProtocol
import JobStore

/// Group commit.
extension CoordinatorService {
    /// Starts the next batch, unless one is being committed. Operations that come meanwhile form the batch after it.
    func commit() {
        guard committing == 0, !pending.isEmpty else { return }
        let batch = pending
        pending = []
        committing = batch.count
        apply(batch, attempt: 0)
    }

    private func apply(_ batch: [JobStoreOperation], attempt: Int) {
        store.apply(batch) { [self] result in
            executor.post { self.assumeIsolated { $0.committed(batch, result, attempt) } }
        }
    }

    private func committed(
        _ batch: [JobStoreOperation], _ result: Result<[JobStoreReply], JobStoreError>, _ attempt: Int
    ) {
        switch result {
        case .success(let replies):
            committing = 0
            apply(.stored(replies))
            commit()
        case .failure(let error):
            // Nothing of the batch is on disk. It is retried until it is, because the state machine relies on it.
            logger.error("the job store failed", metadata: ["reason": "\(error)", "attempt": "\(attempt)"])
            apply(.storeFailed("\(error)"))
            schedule(after: .milliseconds(min(200 << min(attempt, 5), 5_000))) { $0.apply(batch, attempt: attempt + 1) }
        }
    }

    /// Appends the gathered segments, one append at a time.
    func appendTraces() {
        guard !isAppendingTraces, !segments.isEmpty else { return }
        isAppendingTraces = true
        let batch = segments
        segments = []
        store.appendTraces(batch) { [self] result in
            executor.post { self.assumeIsolated { $0.appended(result) } }
        }
    }

    private func appended(_ result: Result<Void, JobStoreError>) {
        isAppendingTraces = false
        // A trace is secondary: segments that cannot be stored are missing from it, and it is reported as partial.
        if case .failure(let error) = result {
            logger.error("trace segments are lost", metadata: ["reason": "\(error)"])
        }
        appendTraces()
    }

    /// Removes what is past its retention, a limited number of jobs at a time so that no batch waits long behind it.
    func retain() {
        let settings = configuration.settings
        store.retain(settings.retention, now: CoordinatorTime.current().wall, limit: 500) {
            [self] result in
            executor.post { self.assumeIsolated { $0.retained(result) } }
        }
    }

    private func retained(_ result: Result<RetentionReport, JobStoreError>) {
        switch result {
        case .success(let report): if report.hasMore { schedule(after: .milliseconds(50)) { $0.retain() } }
        case .failure(let error): logger.error("retention failed", metadata: ["reason": "\(error)"])
        }
    }
}
