import FirnProtocol
import JobStore

extension JobSummary {
    /// The job's status without its result, as lists show it.
    func status(isForOperator: Bool) -> WireJobStatus {
        .with {
            $0.job = UInt64(clamping: isForOperator ? id.rawValue : number)
            $0.attempt = UInt32(clamping: attempt)
            $0.priority = priority
            $0.submittedUnixMs = submitted
            $0.startedUnixMs = started
            $0.finishedUnixMs = finished
            $0.label = label
            switch state {
            case .queued: $0.state = notBefore > CoordinatorTime.current().wall ? .delayed : .queued
            case .held: $0.state = .held
            case .running: $0.state = .running
            case .finished(let code):
                $0.state = .finished
                $0.outcome = WireOutcomeKind(rawValue: Int(code)) ?? .unspecified
            }
            guard isForOperator else { return }
            $0.tenant = tenant
            $0.tenantJob = UInt64(clamping: number)
            $0.worker = worker ?? ""
        }
    }
}
