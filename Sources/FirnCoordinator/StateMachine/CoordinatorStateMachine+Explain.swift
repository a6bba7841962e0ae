import FirnProtocol
import JobStore
import Platform

/// Why a job waits.
///
/// The reasons follow the order in which the dispatch decides: what keeps the job out of the queue, what keeps its tenant
/// out, whether a worker could run it, quotas, and then who goes first.
extension CoordinatorStateMachine {
    mutating func explain(_ number: UInt64, for peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard let job = visible(number, to: session) else { return read(.explain(number), for: peer, correlation) }
        let isForOperator = session.tenant == nil
        let explanation = WireExplanation.with {
            $0.status = status(of: job, isForOperator: isForOperator)
            $0.reasons = reasons(for: job, isForOperator: isForOperator)
        }
        reply(peer, correlation, .explanation(explanation))
    }

    private func reasons(for job: Job, isForOperator: Bool) -> [WireReason] {
        var reasons = job.isWaiting ? standstillReasons(job) : []
        switch job.state {
        case .delayed:
            reasons.append(
                WireReason(.notBefore, "its not-before time has not come", until: job.admission.notBefore))
        case .blocked: reasons += precedingReasons(job)
        case .queued: reasons += queueReasons(job)
        case .leasing, .held: reasons.append(WireReason(.held, "a worker has it and evaluates another job"))
        case .running:
            let timeout = job.started + Int64(clamping: job.admission.limits.timeoutMs)
            reasons.append(
                WireReason(.running, "a worker evaluates it, at the longest until its deadline", until: timeout))
        case .orphaned(_, let until, _):
            let text = "the coordinator was restarted, and the worker that has the job has not reconnected"
            reasons.append(WireReason(.orphaned, text, until: wall(until)))
        case .building(_, let hasBegun):
            let count = job.builds.needed.count
            let text =
                hasBegun
                ? "\(count) outputs that it reads are being built"
                : "\(count) outputs that it reads are to be built when its tenant may build (building: "
                    + "\(tenants[job.tenant].policy.maximumBuilding))"
            reasons.append(WireReason(.building, text))
        case .concluding: reasons.append(WireReason(.committing, "its outcome is being committed"))
        }
        if let cancellation = job.cancellation {
            let text = "its worker was asked to stop it (\(cancellation.reason))"
            reasons.append(WireReason(.stopping, text, until: wall(cancellation.deadline)))
        }
        if job.isWaiting, job.admission.expires > 0 {
            let text = "it ends as unavailable if it still waits"
            reasons.append(WireReason(.expiry, text, until: job.admission.expires))
        }
        return reasons + job.lost.map { WireReason(.lostWorker, isForOperator ? $0.text : $0.textForTenant) }
    }

    /// What stands still for all jobs, or for those of the tenant.
    private func standstillReasons(_ job: Job) -> [WireReason] {
        var reasons: [WireReason] = []
        if tenants[job.tenant].policy.isPaused {
            reasons.append(WireReason(.paused, "an operator has paused the tenant \(tenants[job.tenant].name)"))
        }
        if isDraining { reasons.append(WireReason(.draining, "the coordinator drains, and leases nothing")) }
        if let storeFault { reasons.append(WireReason(.store, "the job store fails: \(storeFault)")) }
        return reasons
    }

    private func precedingReasons(_ job: Job) -> [WireReason] {
        let shown = 10
        let awaited = (preceding.awaited[job.id] ?? []).sorted()
        var reasons = awaited.prefix(shown).map { number in
            let other = jobsByNumber[TenantJob(tenant: job.tenant, number: number)].flatMap { jobs[$0] }
            return WireReason(.after, "job \(number) has not ended" + (other.map { " (\($0.wireState.word))" } ?? ""))
        }
        if awaited.count > shown {
            reasons.append(WireReason(.after, "\(awaited.count - shown) more jobs have not ended"))
        }
        return reasons
    }

    private func queueReasons(_ job: Job) -> [WireReason] {
        let alive = workers.values.filter { isAlive($0) && !$0.isDraining }
        let suitable = alive.filter { $0.satisfies(job.requirement) }
        guard !suitable.isEmpty else { return unservedReasons(job, alive) }
        var reasons = quotaReasons(job, suitable)
        if let reason = orderReason(job) { reasons.append(reason) }
        let own = tenants[job.tenant].share.virtualTime
        let others = tenants.indices.filter {
            $0 != job.tenant && tenants[$0].ready > 0 && !tenants[$0].policy.isPaused
                && tenants[$0].share.virtualTime < own
        }
        if !others.isEmpty {
            reasons.append(
                WireReason(
                    .share,
                    "other tenants that wait have used less for their weights (weight of this one: "
                        + "\(tenants[job.tenant].policy.weight))"))
        }
        if !suitable.contains(where: { $0.credit > 0 && $0.load(aheadOf: nil, at: now.steady) < Self.prefetchHorizon })
        {
            reasons.append(WireReason(.busy, "all suitable workers are busy: \(suitable.count)"))
        }
        if reasons.isEmpty, standstillReasons(job).isEmpty {
            reasons.append(WireReason(.busy, "it is about to be leased"))
        }
        return reasons
    }

    /// Why no connected worker can run the job.
    private func unservedReasons(_ job: Job, _ alive: [WorkerSession]) -> [WireReason] {
        if let prepared = job.requirement.prepared, alive.contains(where: { $0.canPrepare(job.requirement) }) {
            return [WireReason(.preparing, "a worker prepares the set '\(prepared.name)'")]
        }
        let lack = job.requirement.parts.filter { part in !alive.contains { $0.satisfies(part) } }
        let until =
            job.admission.expires > 0
            ? job.admission.expires
            : wall((lastAvailable[job.requirement] ?? now.steady) + settings.unavailableAfter.milliseconds)
        let text: String
        if alive.isEmpty {
            text = "no worker is connected"
        } else if lack.isEmpty {
            text = "no worker has all of what it needs together: \(job.requirement.description)"
        } else {
            text = "no worker has \(lack.map(\.description).joined(separator: ", "))"
        }
        return [WireReason(.noWorker, text + "; it ends as unavailable if none comes", until: until)]
    }

    private func quotaReasons(_ job: Job, _ suitable: [WorkerSession]) -> [WireReason] {
        var reasons: [WireReason] = []
        let policy = tenants[job.tenant].policy
        if let occupancy = occupancy(of: job.tenant),
            !suitable.contains(where: { occupancy.allows(job.admission.limits.memoryBytes, at: $0.peer, policy) })
        {
            let memory = policy.maximumRunningMemory > 0 ? ", runningMemory: \(policy.maximumRunningMemory)" : ""
            let text = "as many jobs of its tenant run as may (running: \(policy.maximumRunning)\(memory))"
            reasons.append(WireReason(.quota, text))
        }
        if let limit = keyLimit(of: job), isAtKeyLimit(job) {
            let text = "as many jobs with the key '\(job.admission.key)' are leased as may (\(limit))"
            reasons.append(WireReason(.keyLimit, text))
        }
        return reasons
    }

    /// How many jobs of the tenant go first.
    private func orderReason(_ job: Job) -> WireReason? {
        let own = QueuedJob(priority: job.admission.priority, id: job.id)
        var higher = 0
        var older = 0
        var looked = 0
        search: for (queue, entries) in tenants[job.tenant].queues {
            for entry in entries.unordered {
                looked += 1
                guard looked <= Self.explainedEntries else { break search }
                guard entry < own, jobs[entry.id]?.isQueued ?? false else { continue }
                if entry.priority > own.priority {
                    higher += 1
                } else if queue.key == job.admission.key {
                    older += 1
                }
            }
        }
        guard higher + older > 0 else { return nil }
        let least = looked > Self.explainedEntries ? "at least " : ""
        let key = job.admission.key.isEmpty ? "" : " with its key"
        return WireReason(
            .order,
            "jobs of its tenant go first: \(least)\(higher) of a higher priority, \(least)\(older) older ones\(key)")
    }

    /// Waiting jobs that are looked at for one question, so that a client cannot keep the coordinator busy with them.
    private static let explainedEntries = 10_000

    /// The wall time of a steady one.
    private func wall(_ steady: Int64) -> Int64 { now.wall + (steady - now.steady) }
}

extension WireReason {
    init(_ kind: Kind, _ text: String, until: Int64 = 0) {
        self = .with {
            $0.kind = kind
            $0.text = text
            $0.untilUnixMs = until
        }
    }
}

extension WireJobState {
    /// The state in a sentence.
    fileprivate var word: String {
        switch self {
        case .delayed: "delayed"
        case .blocked: "waits for others"
        case .queued: "queued"
        case .held: "held"
        case .running: "running"
        case .building: "building"
        case .finished: "finished"
        case .unspecified, .UNRECOGNIZED: "state \(rawValue)"
        }
    }
}
