import FirnProtocol

extension WorkerStateMachine {
    /// Handles a message of the coordinator, header and body.
    public mutating func receive(_ frames: [[UInt8]], now: UInt64) -> [Action] {
        lastHeard = now
        let command: WorkerCommand
        do throws(ProtocolError) {
            command = try Envelope<WorkerCommand>(frames: frames).content
        } catch {
            return [.note(.unreadable(error.description))]
        }
        switch command {
        case .welcome(let welcome): return accept(welcome, now: now)
        case .dispatch(let dispatch): return take(dispatch.assignments, now: now)
        case .heartbeat: return []
        case .resultsCommitted(let committed):
            for lease in committed.leases { drop(LeaseKey(lease)) }
            return []
        case .stale(let stale): return forget(stale.leases)
        case .cancelAttempts(let cancel): return self.cancel(cancel.leases.map { LeaseKey($0) })
        case .drain: return drain(now: now)
        case .error(let error): return refuse(error, now: now)
        }
    }

    private mutating func take(_ assignments: [WireAssignment], now: UInt64) -> [Action] {
        creditGiven = max(0, creditGiven - assignments.count)
        var actions: [Action] = []
        for assignment in assignments {
            let key = LeaseKey(job: assignment.job, attempt: assignment.attempt)
            guard pending[key] == nil, finished[key] == nil else { continue }
            // These jobs were on their way when the worker stopped asking for more.
            if isDraining || hasLeft || isBusyForLong(now: now) {
                releasing.append(key)
                continue
            }
            let successor = assignment.aheadOf == 0 ? nil : assignment.aheadOf
            insert(key, aheadOf: successor, now: now)
            actions.append(.evaluate(key, assignment, aheadOf: successor))
        }
        return actions
    }

    private mutating func insert(_ key: LeaseKey, aheadOf successor: UInt64?, now: UInt64) {
        if order.isEmpty { firstSince = now }
        pending[key] = Pending()
        guard let successor, !order.isEmpty else { return order.append(key) }
        // The first lease is the one being evaluated, so nothing goes ahead of it.
        order.insert(key, at: order.dropFirst().firstIndex { $0.job == successor } ?? 1)
    }

    private mutating func forget(_ leases: [WireStaleLease]) -> [Action] {
        var actions: [Action] = []
        for lease in leases {
            let key = LeaseKey(job: lease.job, attempt: lease.attempt)
            drop(key)
            guard pending[key] != nil else { continue }
            pending[key]?.intent = .forget
            actions.append(.note(.stale(key, reason: lease.reason)))
            actions.append(.stop([key]))
        }
        return actions
    }

    private mutating func cancel(_ keys: [LeaseKey]) -> [Action] {
        let held = keys.filter { pending[$0] != nil && pending[$0]?.intent != .forget }
        for key in held { pending[key]?.intent = .cancel }
        return held.isEmpty ? [] : [.stop(held)]
    }

    /// Discards a result that was committed or refused, and whatever of it was not sent.
    mutating func drop(_ key: LeaseKey) {
        guard let entry = finished.removeValue(forKey: key) else { return }
        finishedBytes -= entry.bytes
        if let index = bulk.firstIndex(of: key) {
            bulk.remove(at: index)
            if index == 0 { segmentsSent = 0 }
        }
        outgoing.removeAll { $0 == key }
    }
}
