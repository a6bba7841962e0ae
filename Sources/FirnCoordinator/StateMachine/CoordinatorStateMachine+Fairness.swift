import FirnProtocol
import JobStore

/// What tenants are charged, and where one begins that had nothing to do.
extension CoordinatorStateMachine {
    /// Charges the job's tenant with what a job of it is expected to cost, and notes that the tenant is served now.
    mutating func charge(_ job: Job) -> FairShare.Charge {
        leaseCount += 1
        tenants[job.tenant].lastServed = leaseCount
        virtualClock = max(virtualClock, tenants[job.tenant].share.settled)
        let charge = tenants[job.tenant].share.charge()
        jobs[job.id]?.charge = charge
        return charge
    }

    /// The worker told how much processor time a job that it evaluates has used.
    mutating func learn(_ cpuNanoseconds: UInt64, of id: JobID) {
        guard let job = jobs[id], var charge = job.charge, job.evaluation != nil else { return }
        jobs[id]?.evaluation?.cpuNanoseconds = cpuNanoseconds
        jobs[id]?.evaluation?.toldAt = now.steady
        tenants[job.tenant].share.learn(Double(cpuNanoseconds), of: &charge)
        jobs[id]?.charge = charge
    }

    /// A result came: its statistics say what was used.
    mutating func account(_ job: Job, _ result: WireJobResult) {
        tenants[job.tenant].fuelWindow.add(result.statistics.fuel, at: now.wall)
        guard let charge = job.charge else { return }
        tenants[job.tenant].settle(
            charge, used: JobUsage(result.statistics), isWhole: result.outcome != .cancelled)
        endCharge(job)
    }

    /// The lease ends without a result. What had begun is charged as far as it is known to have come.
    mutating func accountBroken(_ id: JobID) {
        guard let job = jobs[id], let charge = job.charge else { return }
        if let evaluation = job.evaluation {
            let used = evaluation.used(at: now.steady, heartbeatMs: settings.heartbeatMs)
            tenants[job.tenant].settle(charge, used: used, isWhole: false)
        } else {
            tenants[job.tenant].share.close(charge)
        }
        endCharge(job)
    }

    private mutating func endCharge(_ job: Job) {
        jobs[job.id]?.charge = nil
        jobs[job.id]?.evaluation = nil
    }

    /// The tenant's last lease has ended. If no other has one, whoever comes next begins where this tenant is.
    mutating func depart(_ tenant: Int) {
        guard !tenants.contains(where: { $0.leased > 0 }) else { return }
        virtualClock = max(virtualClock, tenants[tenant].share.settled)
    }

    /// A job of a tenant became ready that had never been leased. If the tenant had nothing to do, it starts where those
    /// are that use workers now.
    mutating func arrive(_ tenant: Int) {
        guard tenants[tenant].ready == 1, tenants[tenant].leased == 0 else { return }
        let least = tenants.lazy.filter { $0.leased > 0 }.map(\.share.settled).min()
        virtualClock = max(virtualClock, least ?? 0)
        tenants[tenant].share.start(at: virtualClock)
    }
}
