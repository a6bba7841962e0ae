import NixEval
import Platform
import Synchronization

/// The jobs that wait for the evaluator, in order, and the one being evaluated. The evaluating thread and the polling
/// thread share the queue; a job is either begun or withdrawn, never both.
package final class EvaluationQueue: Sendable {
    /// The job being evaluated.
    struct Current: Sendable {
        let key: LeaseKey
        fileprivate let clock: ThreadClock
        fileprivate let begin: UInt64

        /// Processor time in nanoseconds that the evaluation has used so far. Any thread may ask.
        var cpuNanoseconds: UInt64 {
            // The clock of a process that has ended shows 0.
            let now = clock.now()
            return now > begin ? now - begin : 0
        }
    }

    private struct Content {
        var waiting: [AssignedJob] = []
        var current: Current?
        /// Results that the connection holds, and those that it was not given yet.
        var kept = Results()
        var undelivered = Results()
        /// The number of times that the evaluator got no job because there were too many results.
        var refusedTurns = 0
    }

    /// A number of results and the approximate bytes that they occupy.
    struct Results: Sendable {
        var count = 0
        var bytes = 0

        static func + (left: Results, right: Results) -> Results {
            Results(count: left.count + right.count, bytes: left.bytes + right.bytes)
        }
    }

    private let content = Mutex(Content())
    /// The memory in which the supervisor sees what is evaluated.
    private let status: ProcessStatus?

    private let limit: Results

    /// - Parameters:
    ///   - status: nil if no supervisor watches the process.
    ///   - limit: the bound on uncommitted results at which no further job is begun.
    init(status: ProcessStatus? = nil, limit: Results = Results(count: .max, bytes: .max)) {
        self.status = status
        self.limit = limit
    }

    /// Adds a job.
    ///
    /// - Parameter successor: the job to go ahead of; if it no longer waits, ahead of all waiting jobs. Nil: behind
    ///   all.
    func insert(_ job: AssignedJob, aheadOf successor: UInt64?) {
        content.withLock { content in
            guard let successor else { return content.waiting.append(job) }
            let index = content.waiting.firstIndex { $0.key.job == successor } ?? 0
            content.waiting.insert(job, at: index)
        }
    }

    /// The tenant of the job that would begin next; nil if none waits.
    var nextTenant: String? { content.withLock { $0.waiting.first?.assignment.tenant } }

    /// Begins the next job and returns it; nil if none may begin. Called on the evaluator's thread.
    ///
    /// - Parameter clock: the processor time of what evaluates.
    package func beginNext(measuredBy clock: ThreadClock = ThreadClock()) -> AssignedJob? {
        let begin = clock.now()
        let job = content.withLock { content -> AssignedJob? in
            guard !content.waiting.isEmpty else { return nil }
            let results = content.kept + content.undelivered
            guard results.count < limit.count, results.bytes < limit.bytes else {
                content.refusedTurns += 1
                return nil
            }
            let job = content.waiting.removeFirst()
            content.current = Current(key: job.key, clock: clock, begin: begin)
            return job
        }
        if let job { status?.began(job.key, deadline: job.deadline) }
        return job
    }

    /// Ends the evaluation of the current job. Called on the evaluator's thread.
    ///
    /// - Parameter bytes: the size of its result, as by `WireJobResult.bytes`.
    /// - Returns: the processor time in nanoseconds that the job used.
    package func finish(resultBytes bytes: Int = 0) -> UInt64 {
        status?.ended()
        return content.withLock { content in
            content.undelivered = content.undelivered + Results(count: 1, bytes: bytes)
            defer { content.current = nil }
            return content.current?.cpuNanoseconds ?? 0
        }
    }

    /// Removes waiting jobs.
    ///
    /// - Returns: those that were waiting and are now removed.
    func withdraw(_ keys: [LeaseKey]) -> [LeaseKey] {
        content.withLock { content in
            let waiting = Set(content.waiting.map(\.key))
            let withdrawn = keys.filter(waiting.contains)
            content.waiting.removeAll { withdrawn.contains($0.key) }
            return withdrawn
        }
    }

    /// Updates the account of uncommitted results.
    ///
    /// - Parameters:
    ///   - kept: the results that the connection holds now.
    ///   - delivered: bytes of a result that the connection has just been given; nil if it was given none.
    /// - Returns: how many times the evaluator must be asked for its next job, because it was refused one before.
    func updateResults(_ kept: Results, delivered: Int? = nil) -> Int {
        content.withLock { content in
            content.kept = kept
            if let delivered {
                content.undelivered.count -= 1
                content.undelivered.bytes -= delivered
            }
            let results = kept + content.undelivered
            guard results.count < limit.count, results.bytes < limit.bytes else { return 0 }
            defer { content.refusedTurns = 0 }
            return content.refusedTurns
        }
    }

    /// The job being evaluated.
    var current: Current? { content.withLock { $0.current } }
}
