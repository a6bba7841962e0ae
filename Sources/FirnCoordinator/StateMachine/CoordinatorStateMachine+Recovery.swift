import FirnProtocol
import JobStore
import Platform

extension CoordinatorStateMachine {
    /// Takes over the jobs that the store holds without an outcome. A leased job first waits for its worker to
    /// reconnect.
    mutating func recover(_ open: [OpenJob]) {
        for found in open {
            let tenant = tenant(found.job.tenant)
            let admission: Admission
            do throws(ProtocolError) {
                admission = try Admission(stored: found.job, policy: tenants[tenant].policy)
            } catch {
                concludeUnreadable(found, error)
                continue
            }
            var job = Job(
                id: found.id, number: found.number, tenant: tenant, admission: admission,
                submitted: found.job.submitted)
            job.attempt = UInt32(clamping: found.attempt)
            job.lost = found.lost
            if let identity = found.prepared {
                job.requirement.prepared?.identity = [UInt8](identity)
                job.hasEverBegun = true
            }
            if let holder = found.holder {
                job.state = .orphaned(
                    worker: holder, until: now.steady + settings.recoveryGrace.milliseconds, hasBegun: found.hasBegun)
                job.isInherited = true
                orphans[holder, default: []].insert(job.id)
            } else if job.attempt == 0, !(admission.scheduling?.after.isEmpty ?? true) {
                job.state = .blocked
            } else if admission.notBefore > now.wall {
                job.state = .delayed
            }
            add(job)
        }
        for found in open {
            guard let job = jobs[found.id], case .blocked = job.state else { continue }
            waitForPreceding(job, known: [:])
        }
        supersedeRecovered()
    }

    private mutating func concludeUnreadable(_ found: OpenJob, _ error: ProtocolError) {
        metrics.storeRefusals += 1
        let result = WireJobResult.with {
            $0.outcome = .internalError
            $0.failure.message = .init("the stored job cannot be read: \(error.message)".utf8)
        }
        let outcome = NewOutcome(
            code: Int32(clamping: result.outcome.rawValue), finished: now.wall, body: .init(result.encoded()))
        store(.conclude(found.id, outcome), .none)
    }
}
