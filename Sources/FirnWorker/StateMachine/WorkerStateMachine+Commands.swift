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
        case .dispatch(let dispatch): return accept(dispatch.assignments, now: now)
        case .heartbeat: return []
        case .resultsCommitted(let committed):
            for lease in committed.leases { uncommitted.drop(LeaseKey(lease)) }
            return []
        case .stale(let stale): return dropStale(stale.leases)
        case .cancelAttempts(let cancel): return self.cancel(cancel.leases.map { LeaseKey($0) })
        case .drain: return drain(now: now)
        case .startBuilds(let start): return [.build(start)]
        case .prepareSet(let prepare): return [.prepare(prepare)]
        case .uploadReply(let reply):
            let key = LeaseKey(job: reply.job, attempt: reply.attempt)
            uploads.drop(key, below: reply.stored)
            return pending[key] == nil ? [] : [.uploadReply(key, reply)]
        case .error(let error): return refuse(error, now: now)
        }
    }

    private mutating func accept(_ assignments: [WireAssignment], now: UInt64) -> [Action] {
        credit.given = max(0, credit.given - assignments.count)
        var actions: [Action] = []
        for assignment in assignments {
            let key = LeaseKey(job: assignment.job, attempt: assignment.attempt)
            guard pending[key] == nil, uncommitted[key] == nil else { continue }
            // These jobs were on their way when the worker stopped asking for more, or lost the set that they start from.
            if isDraining || hasLeft || hasLongJob(now: now) || !hasPreparedSet(of: assignment) {
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
        if order.isEmpty { firstBegan = now }
        pending[key] = Pending()
        guard let successor, !order.isEmpty else { return order.append(key) }
        // The first lease is the one being evaluated, so nothing goes ahead of it.
        order.insert(key, at: order.dropFirst().firstIndex { $0.job == successor } ?? 1)
    }

    private mutating func dropStale(_ leases: [WireStaleLease]) -> [Action] {
        var actions: [Action] = []
        for lease in leases {
            let key = LeaseKey(job: lease.job, attempt: lease.attempt)
            uncommitted.drop(key)
            uploads.drop(key)
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
}
