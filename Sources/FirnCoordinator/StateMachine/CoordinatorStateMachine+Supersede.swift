import FirnProtocol
import Foundation
import JobStore

/// Jobs that take the place of older ones, such as those of an earlier revision.
extension CoordinatorStateMachine {
    /// The jobs of a tenant that may take each other's place.
    struct SupersessionKey: Hashable, Sendable {
        let tenant: Int
        let key: String
    }

    /// Adds an open job to those that a newer one may end.
    mutating func nameSuperseded(_ job: Job) {
        guard let own = job.admission.scheduling?.supersedes else { return }
        superseded[SupersessionKey(tenant: job.tenant, key: own.key), default: []].insert(job.id)
    }

    mutating func forgetSuperseded(_ job: Job) {
        guard let own = job.admission.scheduling?.supersedes else { return }
        let key = SupersessionKey(tenant: job.tenant, key: own.key)
        superseded[key]?.remove(job.id)
        if superseded[key]?.isEmpty ?? false { superseded[key] = nil }
    }

    /// Ends the older jobs whose place a job takes. Those that run are stopped by their workers.
    ///
    /// - Parameters:
    ///   - admission: the newer job, which is committed.
    ///   - id: its id.
    ///   - number: the number by which the tenant knows it.
    ///   - tenant: its tenant.
    mutating func supersede(by admission: Admission, _ id: JobID, number: Int64, tenant: Int) {
        guard let own = admission.scheduling?.supersedes else { return }
        for older in (superseded[SupersessionKey(tenant: tenant, key: own.key)] ?? []).sorted() {
            guard older < id, let job = jobs[older], let other = job.admission.scheduling?.supersedes,
                own.run.isEmpty || other.run != own.run
            else { continue }
            _ = stop(job, reason: "superseded by job \(number)", cancel: nil)
        }
    }

    /// Ends what newer jobs had superseded before this coordinator started.
    mutating func supersedeRecovered() {
        for ids in Array(superseded.values) {
            for id in ids.sorted() {
                guard let job = jobs[id] else { continue }
                supersede(by: job.admission, id, number: job.number, tenant: job.tenant)
            }
        }
    }
}
