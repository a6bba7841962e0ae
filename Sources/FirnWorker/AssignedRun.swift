import FirnProtocol
import NixEval
import NixStore
import NixVM

/// An assigned job on its way to the virtual machine, with all that it needs there.
package struct AssignedRun: Sendable {
    let key: LeaseKey
    package let assignment: WireAssignment
    let ticket: JobTicket
    /// Where a supervisor reads what is evaluated.
    let status: ProcessStatus?
    let roots: RootedIO
    let printedBytes: Int
    let traces: TraceQueue
}

extension AssignedRun {
    /// To be called right before the evaluation, on its thread.
    /// - Returns: false when the job was taken back: it is not to be evaluated.
    package func begin() -> Bool {
        guard ticket.begin() else { return false }
        let timeout = assignment.limits.timeoutMs.multipliedReportingOverflow(by: 1_000_000)
        let isBounded = timeout.partialValue > 0 && !timeout.overflow
        status?.began(key, deadline: isBounded ? MonotonicClock.now() &+ timeout.partialValue : .max)
        return true
    }

    /// To be called when its result is made.
    package func end() { status?.ended() }
}

/// Evaluates the jobs of a worker, one at a time.
package protocol AssignedEvaluator: Sendable {
    /// Runs an assigned job, unless it was taken back before.
    func perform(_ run: AssignedRun) async -> WireJobResult?
    /// To be called when there is time: keeps what makes later processes faster.
    func storePrograms() async
}

extension VirtualMachine: AssignedEvaluator {
    package func perform(_ run: AssignedRun) -> WireJobResult? {
        guard run.begin() else { return nil }
        defer { run.end() }
        do {
            let (job, level) = try EvaluationJob.assigned(
                run.assignment, roots: run.roots, printedBytes: run.printedBytes)
            guard level != .none else { return WireJobResult(evaluate(job, cancellation: run.ticket.cancellation)) }
            return perform(run, job, level)
        } catch {
            return WireJobResult(refused: error)
        }
    }

    private func perform(_ run: AssignedRun, _ job: EvaluationJob, _ level: WireTraceLevel) -> WireJobResult {
        let bytes = run.assignment.limits.traceBytes
        let encoder = TraceEncoder(
            key: run.key, level: level, maximumBytes: bytes == 0 ? .max : Int(clamping: bytes), queue: run.traces)
        let report = evaluate(
            job, cancellation: run.ticket.cancellation,
            trace: EvaluationTrace(level: TraceLevel(level), observer: encoder))
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
