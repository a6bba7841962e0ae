import FirnProtocol
import NixEval
import NixStore

/// An assigned job on its way to the virtual machine, with all that it needs there.
struct AssignedRun: Sendable {
    let key: LeaseKey
    let assignment: WireAssignment
    let ticket: JobTicket
    let roots: RootedIO
    let printedBytes: Int
    let traces: TraceQueue
}

extension VirtualMachine {
    /// Runs an assigned job, unless it was taken back before.
    func perform(_ run: AssignedRun) -> WireJobResult? {
        guard run.ticket.begin() else { return nil }
        do {
            let job = try EvaluationJob(run.assignment, roots: run.roots, printedBytes: run.printedBytes)
            return WireJobResult(evaluate(job, cancellation: run.ticket.cancellation))
        } catch {
            return WireJobResult(refused: error)
        }
    }
}
