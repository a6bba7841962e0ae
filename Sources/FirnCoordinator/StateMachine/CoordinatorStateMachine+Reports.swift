import FirnProtocol
import JobStore

/// Reports of jobs, queues and workers, and the drain.
extension CoordinatorStateMachine {
    func status(of job: Job, isForOperator: Bool) -> WireJobStatus {
        .with {
            $0.job = UInt64(clamping: isForOperator ? job.id.rawValue : job.number)
            $0.state = job.wireState
            $0.attempt = job.attempt
            $0.priority = job.admission.priority
            $0.submittedUnixMs = job.submitted
            $0.startedUnixMs = job.started
            $0.lostWorkers = job.lost.map { isForOperator ? $0.text : $0.textForTenant }
            $0.label = job.admission.label
            guard isForOperator else { return }
            $0.tenant = tenants[job.tenant].name
            $0.tenantJob = UInt64(clamping: job.number)
            switch job.state {
            case .leasing(let peer), .held(let peer), .running(let peer), .building(let peer, _):
                $0.worker = workers[peer]?.hello.name ?? ""
            case .orphaned(let worker, _, _): $0.worker = worker
            default: break
            }
        }
    }

    /// The status with the fields reserved to operators, if the peer is one.
    func shown(_ status: WireJobStatus, of job: Job, to peer: Peer) -> WireJobStatus {
        guard let session = clients[peer], session.tenant == nil else { return status }
        var status = status
        status.job = number(of: job, for: session)
        status.tenantJob = UInt64(clamping: job.number)
        status.lostWorkers = job.lost.map(\.text)
        status.tenant = tenants[job.tenant].name
        return status
    }

    /// The number by which a client knows the job.
    func number(of job: Job, for session: ClientSession) -> UInt64 {
        UInt64(clamping: session.tenant == nil ? job.id.rawValue : job.number)
    }

    mutating func queueReport(for session: ClientSession) -> WireQueueReport {
        if now.steady >= oldestWaiting.validUntil {
            oldestWaiting.submitted = [:]
            for job in jobs.values where job.isWaiting {
                oldestWaiting.submitted[job.tenant] = min(oldestWaiting.submitted[job.tenant] ?? .max, job.submitted)
            }
            // A scan of many jobs must not be repeated often.
            oldestWaiting.validUntil = now.steady + 1_000 + Int64(jobs.count / 50)
        }
        return .with {
            $0.tenants = tenants.indices.filter { session.tenant == nil || tenants[$0].name == session.tenant }
                .map(tenantQueue)
            $0.draining = isDraining
            $0.startedUnixMs = started.wall
            // The workers' spare credit and the stale messages would tell a tenant what others do.
            guard session.tenant == nil else { return }
            $0.idleCredit = workers.values.reduce(0) { $0 + ($1.acceptsJobs ? UInt64(clamping: $1.credit) : 0) }
            $0.staleRefused = UInt64(clamping: metrics.staleRefused)
            $0.refusals = (connectionRefusals.merging(metrics.refusals, uniquingKeysWith: +))
                .sorted { $0.key < $1.key }.map { kind, count in
                    .with {
                        $0.kind = kind
                        $0.count = UInt64(clamping: count)
                    }
                }
        }
    }

    private func tenantQueue(_ index: Int) -> WireTenantQueue {
        let tenant = tenants[index]
        return .with {
            $0.tenant = tenant.name
            $0.delayed = UInt64(clamping: tenant.delayed)
            $0.blocked = UInt64(clamping: tenant.blocked)
            $0.paused = tenant.policy.isPaused
            $0.queued = UInt64(clamping: tenant.ready + tenant.inserting)
            $0.held = UInt64(clamping: tenant.leased - tenant.running)
            $0.running = UInt64(clamping: tenant.running)
            $0.finished = tenant.finished
            $0.fuel = tenant.used.fuel
            $0.cpuNs = tenant.used.cpuNanoseconds
            $0.memoryByteSeconds = tenant.used.memoryByteSeconds
            $0.queueLimit = UInt64(clamping: tenant.policy.maximumQueued)
            if tenant.delayed + tenant.blocked + tenant.ready > 0 {
                $0.oldestQueuedUnixMs = oldestWaiting.submitted[index] ?? now.wall
            }
        }
    }

    mutating func listWorkers(for peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard session.tenant == nil else {
            return refuse(peer, correlation, .notPermitted, "only an operator's key may list the workers")
        }
        let list = workers.values.sorted { $0.hello.name < $1.hello.name }.map(\.status)
        reply(peer, correlation, .workerList(.with { $0.workers = list }))
    }

    mutating func drain(_ drain: WireDrain, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard session.tenant == nil else {
            return refuse(peer, correlation, .notPermitted, "only an operator's key may drain")
        }
        if drain.worker.isEmpty {
            isDraining = !drain.resume
            let running = tenants.reduce(0) { $0 + $1.running }
            let leased = tenants.reduce(0) { $0 + $1.leased }
            return replyDrain(
                peer, correlation, running: running + concluding, held: leased - running,
                queued: tenants.reduce(0) { $0 + $1.waiting })
        }
        guard let holder = workerNames[drain.worker], let worker = workers[holder] else {
            return refuse(peer, correlation, .unknownWorker, "no worker '\(drain.worker)' is connected")
        }
        guard !drain.resume else {
            return refuse(
                peer, correlation, .notPermitted, "a worker that drains leaves: start it again once it has gone")
        }
        workers[holder]?.isDraining = true
        workers[holder]?.credit = 0
        command(holder, .drain(WireDrainWorker()))
        let running = worker.leases.count(where: \.hasBegun)
        replyDrain(peer, correlation, running: running, held: worker.leases.count - running, queued: 0)
    }

    private mutating func replyDrain(
        _ peer: Peer, _ correlation: UInt64, running: Int, held: Int, queued: Int
    ) {
        reply(
            peer, correlation,
            .drainReply(
                .with {
                    $0.running = UInt64(clamping: running)
                    $0.held = UInt64(clamping: held)
                    $0.queued = UInt64(clamping: queued)
                }))
    }
}

extension Job {
    var wireState: WireJobState {
        switch state {
        case .delayed: .delayed
        case .blocked: .blocked
        case .queued: .queued
        case .building: .building
        case .leasing, .held, .orphaned(_, _, hasBegun: false): .held
        // A commit in progress ends an evaluation if there was an attempt, and otherwise a wait.
        case .concluding: attempt > 0 ? .running : .queued
        case .running, .orphaned(_, _, hasBegun: true): .running
        }
    }
}

extension WorkerSession {
    var status: WireWorkerStatus {
        .with {
            $0.name = hello.name
            $0.address = address
            $0.software = hello.software
            $0.evaluatorVersions = hello.evaluatorVersions
            $0.roots = hello.roots
            $0.preparedSets = preparedSets.values.sorted { $0.name < $1.name }
            $0.sandbox = hello.sandbox
            $0.credit = UInt32(clamping: credit)
            $0.leases = leases.filter(\.isSent).map { lease in
                .with {
                    $0.job = UInt64(clamping: lease.job.rawValue)
                    $0.attempt = lease.attempt
                    $0.running = lease.hasBegun
                }
            }
            $0.connectedUnixMs = connected
            $0.lastHeardUnixMs = lastHeard.wall
            $0.finished = finished
            $0.draining = isDraining
            $0.keyName = identity.keyName
        }
    }
}
