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
        /// Nothing is given out, and how many turns of the evaluator found that.
        var isHeldUp = false
        var missed = 0
    }

    private let content = Mutex(Content())
    /// Where a supervisor reads what is evaluated.
    private let status: ProcessStatus?

    /// - Parameter status: nil: nobody supervises the process.
    init(status: ProcessStatus? = nil) { self.status = status }

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
            guard !content.isHeldUp else {
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
    /// - Returns: the processor time that it used. On the evaluator's thread.
    package func finish() -> UInt64 {
        status?.ended()
        return content.withLock { content in
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

    /// Gives out no job while `isHeldUp`; what is evaluated goes on.
    ///
    /// - Returns: how many turns the evaluator is to be given anew, since it found nothing to do in them.
    func holdUp(_ isHeldUp: Bool) -> Int {
        content.withLock { content in
            content.isHeldUp = isHeldUp
            guard !isHeldUp else { return 0 }
            defer { content.missed = 0 }
            return content.missed
        }
    }

    /// What is evaluated now.
    var current: Current? { content.withLock { $0.current } }
}
