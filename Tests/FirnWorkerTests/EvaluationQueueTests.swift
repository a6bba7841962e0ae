import FirnProtocol
import NixStore
import NixVM
import Testing

@testable import FirnWorker

@Suite struct EvaluationQueueTests {
    private let queue = EvaluationQueue()

    private func insert(_ job: UInt64, aheadOf successor: UInt64? = nil) throws {
        let key = LeaseKey(job: job, attempt: 1)
        let run = AssignedJob(
            key: key, assignment: WireAssignment(), cancellation: Cancellation(), roots: try RootedIO(roots: []),
            printedBytes: 0, builder: nil, prepared: nil, traces: TraceQueue(maximumBytes: 1),
            uploads: UploadChannel(key: key, windowBytes: 0, wake: {}), segmentBytes: 1)
        queue.insert(run, aheadOf: successor)
    }

    private func takeAll() -> [UInt64] {
        var jobs: [UInt64] = []
        while let run = queue.beginNext() { jobs.append(run.key.job) }
        return jobs
    }

    @Test func jobsAreTakenInOrderButForThoseThatGoAhead() throws {
        for job: UInt64 in 1...3 { try insert(job) }
        try insert(4, aheadOf: 3)
        #expect(queue.beginNext()?.key.job == 1)
        // The named job has begun, so the new one is next.
        try insert(5, aheadOf: 1)
        #expect(takeAll() == [5, 2, 4, 3])
    }

    @Test func whatHasBegunIsNotWithdrawn() throws {
        for job: UInt64 in 1...3 { try insert(job) }
        _ = queue.beginNext()
        let keys = (UInt64(1)...3).map { LeaseKey(job: $0, attempt: 1) }
        #expect(queue.withdraw([keys[0], keys[2], LeaseKey(job: 2, attempt: 2)]) == [keys[2]])
        #expect(queue.current?.key == keys[0])
        _ = queue.finish()
        #expect(queue.current == nil)
        #expect(takeAll() == [2])
    }

    /// The polling thread reads the processor time of the evaluating thread.
    @Test func theProcessorTimeOfTheJobIsThatOfItsThread() async throws {
        try insert(1)
        _ = queue.beginNext()
        var sum = 0
        while queue.current?.cpuNanoseconds ?? 0 < 2_000_000 { sum &+= 1 }
        #expect(sum > 0)
        let used = queue.current?.cpuNanoseconds ?? 0
        #expect(queue.finish() >= used)
        #expect(queue.finish() == 0, "nothing is evaluated any more")
    }
}
