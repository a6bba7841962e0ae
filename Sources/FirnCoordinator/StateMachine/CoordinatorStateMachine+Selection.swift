import FirnProtocol
import Foundation
import JobStore

/// Requests that concern all jobs of a filter. The store selects, a bounded number at a time; the client asks for the
/// next ones.
extension CoordinatorStateMachine {
    mutating func selectToCancel(_ cancel: WireCancel, for peer: Peer, _ correlation: UInt64) {
        var fault = cancel.filter.fault
        if !cancel.jobs.isEmpty { fault = "jobs: it goes without a filter" }
        if cancel.filter.state == .finished || cancel.filter.outcome != .unspecified {
            fault = "filter: only open jobs are cancelled, so it has no outcome"
        }
        if let fault { return refuse(peer, correlation, .malformedBody, fault) }
        read(.select(.cancel(cancel.filter, reason: cancel.reason)), for: peer, correlation)
    }

    mutating func retry(_ retry: WireRetry, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard session.tenant != nil else {
            return refuse(peer, correlation, .notPermitted, "an operator's key submits no jobs: use a client's")
        }
        guard retry.token.count == ProtocolLimits.retryTokenBytes else {
            return refuse(
                peer, correlation, .malformedBody,
                "token: it has \(retry.token.count) bytes, not \(ProtocolLimits.retryTokenBytes)")
        }
        guard retry.hasFilter else {
            guard (1...ProtocolLimits.selectedJobs).contains(retry.jobs.count) else {
                return refuse(
                    peer, correlation, .malformedBody,
                    "jobs: it names \(retry.jobs.count) jobs, not 1 to \(ProtocolLimits.selectedJobs)")
            }
            return read(.select(.retryNamed(retry.jobs, token: retry.token)), for: peer, correlation)
        }
        var fault = retry.filter.fault
        if !retry.jobs.isEmpty { fault = "jobs: they go without a filter" }
        if ![.unspecified, .finished].contains(retry.filter.state) {
            fault = "filter.state: only finished jobs are submitted again"
        }
        if let fault { return refuse(peer, correlation, .malformedBody, fault) }
        read(.select(.retry(retry.filter, token: retry.token)), for: peer, correlation)
    }

    /// Handles the store's selection.
    mutating func selected(
        _ selected: CoordinatorRead.Selected, _ selection: JobSelection, _ read: CoordinatorRead
    ) {
        guard let session = clients[read.peer] else { return }
        switch selection {
        case .cancel(let filter, let reason):
            // The store learns late that a job has begun, and not at all that it is built for or waits for others.
            let jobs = selected.jobs.filter { number in
                guard let job = visible(number, to: session) else { return false }
                return filter.state == .unspecified || job.wireState == filter.state
            }
            cancel(
                jobs, reason: reason, nextBefore: selected.nextBefore, for: read.peer, session, read.correlation)
        case .retry, .retryNamed: submitAgain(selected, session, read)
        }
    }

    private mutating func submitAgain(
        _ selected: CoordinatorRead.Selected, _ session: ClientSession, _ read: CoordinatorRead
    ) {
        guard let name = session.tenant else { return }
        if isDraining {
            return refuseForNow(
                read.peer, read.correlation, .draining, "the coordinator takes no new jobs", retryAfter: 5_000)
        }
        if let storeFault {
            return refuseForNow(
                read.peer, read.correlation, .storeUnavailable, "the job store fails: \(storeFault)",
                retryAfter: 1_000)
        }
        let pending = PendingSubmit(
            peer: read.peer, correlation: read.correlation, watch: false, count: selected.jobs.count,
            retried: (selected.jobs, selected.nextBefore))
        submitAgain(selected.specifications, pending, tenant: tenant(name))
    }
}
