import FirnProtocol
import JobStore
import Platform

/// Charges tenants for what they use, and decides where an idle tenant starts when it returns.
extension CoordinatorStateMachine {
    /// Charges the job's tenant with the expected cost of the job, and records that the tenant has been served.
    mutating func charge(_ job: Job) -> FairShare.Charge {
        fairness.leaseCount += 1
        tenants[job.tenant].lastServed = fairness.leaseCount
        fairness.virtualClock = max(fairness.virtualClock, tenants[job.tenant].share.settled)
        let charge = tenants[job.tenant].share.charge()
        tenants[job.tenant].keys.charge(charge, to: job.admission.key)
        jobs[job.id]?.charge = charge
        return charge
    }

    /// Handles a worker's report of the processor time, in nanoseconds, that a running job has used.
    mutating func recordUsage(_ cpuNanoseconds: UInt64, of id: JobID) {
        guard let job = jobs[id], var charge = job.charge, job.evaluation != nil else { return }
        jobs[id]?.evaluation?.cpuNanoseconds = cpuNanoseconds
        jobs[id]?.evaluation?.reportedAt = now.steady
        tenants[job.tenant].keys.raiseKnownCost(Double(cpuNanoseconds), of: charge, job.admission.key)
        tenants[job.tenant].share.raiseKnownCost(Double(cpuNanoseconds), of: &charge)
        jobs[id]?.charge = charge
    }

    /// Charges the job's tenant with what the statistics of the result say.
    mutating func account(_ job: Job, _ result: WireJobResult) {
        tenants[job.tenant].fuelWindow.add(result.statistics.fuel, at: now.wall)
        guard let charge = job.charge else { return }
        tenants[job.tenant].settle(
            charge, key: job.admission.key, used: JobUsage(result.statistics), isWhole: result.outcome != .cancelled)
        endCharge(job)
    }

    /// Charges the job's tenant for a lease that ended without a result, as far as its usage is known or can be
    /// estimated.
    mutating func accountInterrupted(_ id: JobID) {
        guard let job = jobs[id], let charge = job.charge else { return }
        if let evaluation = job.evaluation {
            let used = evaluation.used(at: now.steady, heartbeatMs: settings.heartbeat.milliseconds)
            tenants[job.tenant].settle(charge, key: job.admission.key, used: used, isWhole: false)
        } else {
            tenants[job.tenant].keys.close(charge, job.admission.key)
            tenants[job.tenant].share.close(charge)
        }
        endCharge(job)
    }

    private mutating func endCharge(_ job: Job) {
        jobs[job.id]?.charge = nil
        jobs[job.id]?.evaluation = nil
    }

    /// Called when the tenant's last lease has ended. If no other tenant has a lease, the virtual clock stands where
    /// this tenant stopped.
    mutating func tenantBecameIdle(_ tenant: Int) {
        guard !tenants.contains(where: { $0.leased > 0 }) else { return }
        fairness.virtualClock = max(fairness.virtualClock, tenants[tenant].share.settled)
    }

    /// Called when a job becomes ready that was never leased. A tenant that was idle starts at the virtual time of the
    /// tenants that use workers now.
    mutating func tenantBecameBusy(_ tenant: Int) {
        guard tenants[tenant].ready == 1, tenants[tenant].leased == 0 else { return }
        let least = tenants.lazy.filter { $0.leased > 0 }.map(\.share.settled).min()
        fairness.virtualClock = max(fairness.virtualClock, least ?? 0)
        tenants[tenant].share.start(at: fairness.virtualClock)
    }
}
