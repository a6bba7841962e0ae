import FirnProtocol
import NixEval
import NixStore
import NixVM
import Platform
import Sandbox

/// A job on its way to the evaluator, with everything that its evaluation needs.
package struct AssignedJob: Sendable {
    package let key: LeaseKey
    package let assignment: WireAssignment
    let cancellation: Cancellation
    let roots: RootedIO
    let printedBytes: Int
    let builder: WorkerBuilder?
    /// Nil if the job starts from no prepared set.
    let prepared: PreparedStart?
    let traces: TraceQueue
    package let uploads: UploadChannel
    /// Bytes of one segment of an upload.
    let segmentBytes: Int
}

extension AssignedJob {
    /// The monotonic time, in nanoseconds, by which the evaluation must end if it begins now; `UInt64.max` if there is
    /// none.
    var deadline: UInt64 {
        let timeout = assignment.limits.timeoutMs.multipliedReportingOverflow(by: 1_000_000)
        let isBounded = timeout.partialValue > 0 && !timeout.overflow
        return isBounded ? MonotonicClock.now() &+ timeout.partialValue : .max
    }
}

extension AssignedJob {
    /// Uploads the store objects of the job.
    ///
    /// - Throws: `ProtocolError` if the coordinator takes none.
    fileprivate func uploadWriter(_ request: WireClosureRequest) throws -> UploadWriter {
        guard uploads.windowBytes > 0 else {
            throw ProtocolError(.invalidJob, "the coordinator takes no store objects: it is older than this worker")
        }
        return UploadWriter(
            request, channel: uploads, roots: assignment.roots.map(\.name), segmentBytes: segmentBytes)
    }
}

/// Evaluates the jobs of a worker, one at a time.
package protocol JobEvaluator: Sendable {
    /// Runs the first job of the queue. Returns nil if there is none, because a queued job may have been withdrawn.
    func performNext(of queue: EvaluationQueue) async -> (key: LeaseKey, result: WireJobResult)?
    /// Saves compiled programs for later processes. Called when the worker is idle.
    func storePrograms() async
    /// Gets ready to evaluate.
    ///
    /// - Returns: the parts of the sandbox in which jobs are evaluated; none if there is no sandbox.
    /// - Throws: why nothing can be evaluated.
    func begin() async throws -> [PartReport]
    /// Hears that a job is cancelled, after the job's own flag was set. Called on the connection's thread.
    func cancel(_ key: LeaseKey)
    /// Ends what was begun. Called on the connection's thread.
    func stop()
    /// Evaluates the jobs of an evaluating process until there are no more.
    func serve(_ jobs: EvaluatorJobs) async
}

/// An evaluator in the process of the connection needs none of this.
extension JobEvaluator {
    package func begin() async throws -> [PartReport] { [] }
    package nonisolated func cancel(_ key: LeaseKey) {}
    package nonisolated func stop() {}

    package func serve(_ jobs: EvaluatorJobs) async {
        while let event = jobs.next() {
            switch event {
            case .job(let queue):
                if let (_, result) = await performNext(of: queue) { jobs.finish(result) }
            case .storePrograms: await storePrograms()
            }
        }
    }
}

extension VirtualMachine: JobEvaluator {
    package func performNext(of queue: EvaluationQueue) -> (key: LeaseKey, result: WireJobResult)? {
        guard let run = queue.beginNext() else { return nil }
        var result = perform(run)
        // The time includes reading the job and making the result.
        result.statistics.cpuNs = queue.finish(resultBytes: result.bytes)
        return (run.key, result)
    }

    package func serve(_ jobs: EvaluatorJobs) {
        while let event = jobs.next() {
            switch event {
            case .job(let queue):
                guard let (_, result) = performNext(of: queue) else { continue }
                jobs.finish(result)
            case .storePrograms: storePrograms()
            }
        }
    }

    private func perform(_ run: AssignedJob) -> WireJobResult {
        do {
            let specification = try WireJobSpecification(encoded: run.assignment.specification)
            let job = try EvaluationJob.assigned(
                specification, run.assignment, roots: run.roots, printedBytes: run.printedBytes,
                builder: run.builder, prepared: run.prepared)
            let writer = try specification.hasClosure ? run.uploadWriter(specification.closure) : nil
            let level = specification.traceLevel
            var result =
                level == .none
                ? WireJobResult(evaluate(job, cancellation: run.cancellation, storeWriter: writer))
                : perform(run, job, level, writer)
            if let refusal = writer?.refusal { result.refuseUpload(refusal) }
            if result.outcome == .ok, let writer { result.closure = writer.summary }
            result.preparedIdentity = run.assignment.preparedIdentity
            if result.hasTrace { result.trace.preparedIdentity = run.assignment.preparedIdentity }
            return result
        } catch {
            return WireJobResult(refused: error)
        }
    }

    private func perform(
        _ run: AssignedJob, _ job: EvaluationJob, _ level: WireTraceLevel, _ writer: UploadWriter?
    ) -> WireJobResult {
        let bytes = run.assignment.limits.traceBytes
        let encoder = TraceEncoder(
            key: run.key, level: level, maximumBytes: bytes == 0 ? .max : Int(clamping: bytes), queue: run.traces)
        let report = evaluate(
            job, cancellation: run.cancellation,
            trace: EvaluationTrace(level: TraceLevel(level), observer: encoder), storeWriter: writer)
        var result = WireJobResult(report)
        result.trace = encoder.finish(counts: report.eventCounts)
        return result
    }
}

extension TraceLevel {
    init(_ level: WireTraceLevel) {
        switch level {
        case .none, .UNRECOGNIZED: self = .none
        case .summary: self = .summary
        case .calls: self = .calls
        case .ops: self = .ops
        }
    }
}
