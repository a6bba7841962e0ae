import NixEval
import Synchronization

/// Assigned jobs that wait for the evaluator, in the order in which it takes them, and the one that it has. Shared by the
/// thread that evaluates and the one that hears the coordinator: a job is either taken or withdrawn, and never both.
package final class RunQueue: Sendable {
    /// What is evaluated.
    struct Current: Sendable {
        let key: LeaseKey
        fileprivate let clock: ThreadClock
        fileprivate let begin: UInt64

        /// Processor time that it has used so far. From any thread.
        var cpuNanoseconds: UInt64 { clock.now() &- begin }
    }

    private struct Content {
        var waiting: [AssignedRun] = []
        var current: Current?
        /// Results that the connection keeps, and those that it has not heard of yet.
        var kept = Results()
        var unheard = Results()
        /// Turns of the evaluator in which nothing was given out because there are too many results.
        var missed = 0
    }

    /// How many results there are, and about what they take in bytes.
    struct Results: Sendable {
        var count = 0
        var bytes = 0

        static func + (left: Results, right: Results) -> Results {
            Results(count: left.count + right.count, bytes: left.bytes + right.bytes)
        }
    }

    private let content = Mutex(Content())
    /// Where a supervisor reads what is evaluated.
    private let status: ProcessStatus?

    private let most: Results

    /// - Parameters:
    ///   - status: nil: nobody supervises the process.
    ///   - most: no job is given out while there are so many results, or bytes of them.
    init(status: ProcessStatus? = nil, most: Results = Results(count: .max, bytes: .max)) {
        self.status = status
        self.most = most
    }

    /// - Parameter successor: the job goes ahead of this one, or, if that does not wait any more, ahead of all that waits;
    ///   nil: behind all.
    func insert(_ run: AssignedRun, aheadOf successor: UInt64?) {
        content.withLock { content in
            guard let successor else { return content.waiting.append(run) }
            let index = content.waiting.firstIndex { $0.key.job == successor } ?? 0
            content.waiting.insert(run, at: index)
        }
    }

    /// The next job, which is begun. On the evaluator's thread.
    package func take() -> AssignedRun? {
        let clock = ThreadClock()
        let begin = clock.now()
        let run = content.withLock { content -> AssignedRun? in
            guard !content.waiting.isEmpty else { return nil }
            let results = content.kept + content.unheard
            guard results.count < most.count, results.bytes < most.bytes else {
                content.missed += 1
                return nil
            }
            let run = content.waiting.removeFirst()
            content.current = Current(key: run.key, clock: clock, begin: begin)
            return run
        }
        if let run { status?.began(run.key, deadline: run.deadline) }
        return run
    }

    /// The job that was taken last has its result.
    ///
    /// - Parameter bytes: of the result: `WireJobResult.bytes`.
    /// - Returns: the processor time that it used. On the evaluator's thread.
    package func finish(resultBytes bytes: Int = 0) -> UInt64 {
        status?.ended()
        return content.withLock { content in
            content.unheard = content.unheard + Results(count: 1, bytes: bytes)
            defer { content.current = nil }
            return content.current?.cpuNanoseconds ?? 0
        }
    }

    /// Takes jobs back that have not begun.
    ///
    /// - Returns: those that were taken back.
    func withdraw(_ keys: [LeaseKey]) -> [LeaseKey] {
        content.withLock { content in
            let waiting = Set(content.waiting.map(\.key))
            let withdrawn = keys.filter(waiting.contains)
            content.waiting.removeAll { withdrawn.contains($0.key) }
            return withdrawn
        }
    }

    /// What the connection keeps now.
    ///
    /// - Parameter heard: bytes of a result that it heard of just now; nil: of none.
    /// - Returns: how many turns the evaluator is to be given anew, since it found nothing to do in them.
    func keeps(_ kept: Results, heard: Int? = nil) -> Int {
        content.withLock { content in
            content.kept = kept
            if let heard {
                content.unheard.count -= 1
                content.unheard.bytes -= heard
            }
            let results = kept + content.unheard
            guard results.count < most.count, results.bytes < most.bytes else { return 0 }
            defer { content.missed = 0 }
            return content.missed
        }
    }

    /// What is evaluated now.
    var current: Current? { content.withLock { $0.current } }
}
