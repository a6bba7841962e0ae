import FirnProtocol
import Platform

extension WorkerStateMachine {
    /// Begins a drain: the worker requests nothing more, returns the jobs that have not begun, finishes the current one
    /// and leaves. After `drainTimeout` it leaves in any case, and the coordinator reassigns what it held.
    public mutating func drain(now: UInt64) -> [Action] {
        guard !isDraining else { return [] }
        drainDeadline = now &+ UInt64(clamping: profile.drainTimeout.nanoseconds)
        credit.mustRevoke = credit.given > 0
        let waiting = order.filter { pending[$0]?.intent == Pending.Intent.none }
        for key in waiting { pending[key]?.intent = .release }
        let note = Action.note(.draining(held: order.count + uncommitted.count))
        return waiting.isEmpty ? [note] : [note, .withdraw(waiting)]
    }

    /// Handles jobs that could not be withdrawn because their evaluation had begun. They are finished as usual.
    public mutating func notWithdrawn(_ keys: [LeaseKey]) {
        for key in keys where pending[key]?.intent == .release { pending[key]?.intent = .none }
    }

    mutating func checkDrainDeadline(now: UInt64) -> [Action] {
        guard let drainDeadline, now >= drainDeadline else { return [] }
        hasLeft = true
        let stopped = order
        for key in stopped { pending[key]?.intent = .forget }
        var actions = stopped.map { Action.note(.abandoned($0)) }
        if !stopped.isEmpty { actions.append(.stop(stopped)) }
        return actions + goodbye("its time to finish was over")
    }

    mutating func leaveIfDone() -> [Action] {
        guard isDraining, !hasLeft, order.isEmpty, uncommitted.isEmpty, releasing.isEmpty else { return [] }
        hasLeft = true
        return goodbye("it was told to stop")
    }

    private func goodbye(_ reason: String) -> [Action] {
        phase == .ready ? [send(.goodbye(.with { $0.reason = reason })), .leave] : [.leave]
    }
}
