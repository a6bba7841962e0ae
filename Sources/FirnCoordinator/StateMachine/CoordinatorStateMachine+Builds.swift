import FirnProtocol
import Foundation
import JobStore

/// Jobs that read outputs of derivations, which are built first.
///
///     running ─▶ building, waiting ─▶ building, begun ─▶ queued
///
/// The machine of the worker that evaluated the job builds, because its store has the derivations. Another worker on
/// another machine may get the job afterwards, and asks again for what is not built there. No worker waits for a build,
/// and no job holds a lease meanwhile. A tenant has a bounded number of jobs whose builds have begun; the others wait.
extension CoordinatorStateMachine {
    /// Ends the lease of a job that names the outputs that it needs in place of a result. The caller has removed the
    /// lease from the worker's session.
    ///
    /// - Throws: a fault whose message continues the sentence "it sent a result that ...".
    mutating func waitForBuilds(_ job: Job, _ result: WireJobResult, _ peer: Peer) throws(ProtocolError) {
        guard job.requirement.builds, workers[peer]?.hello.builds == true else {
            throw ProtocolError(.malformedBody, "asks for builds for a job that may not have them")
        }
        guard result.outcome == .unspecified, result.needed.count <= ProtocolLimits.neededOutputs,
            result.needed.allSatisfy(\.isBounded)
        else {
            throw ProtocolError(
                .malformedBody, "needs more than \(ProtocolLimits.neededOutputs) outputs, or one without a path")
        }
        account(job, result)
        dropValue(job.id)
        endUpload(job.id, isKept: false)
        traces[job.id] = nil
        store(.requeue(job.id, attempt: Int64(job.attempt)), .none)
        let lease = WireLease.with {
            $0.job = UInt64(clamping: job.id.rawValue)
            $0.attempt = job.attempt
        }
        workers[peer]?.committed.append(lease)
        changedWorkers.insert(peer)
        jobs[job.id]?.builds.needed = result.needed
        jobs[job.id]?.builds.rounds += 1
        if let cancellation = job.cancellation {
            return conclude(job.id, .cancelled, cancellation.reason, cancel: nil)
        }
        guard job.builds.rounds + 1 < JobBuilds.maximumRounds else {
            return conclude(
                job.id, .evalError, "the job was put off for builds \(JobBuilds.maximumRounds) times", cancel: nil)
        }
        move(job.id, to: .building(peer, hasBegun: false))
        tenants[job.tenant].waitingBuilds.append(job.id)
        notifyWatchers(of: job)
    }

    /// Begins as many builds as the tenants may have. Called at the end of each turn.
    mutating func beginBuilds() {
        for tenant in tenants.indices where !tenants[tenant].waitingBuilds.isEmpty && !tenants[tenant].policy.isPaused {
            while tenants[tenant].building < tenants[tenant].policy.maximumBuilding,
                let id = tenants[tenant].waitingBuilds.popFirst()
            {
                guard let job = jobs[id], case .building(let peer, hasBegun: false) = job.state else { continue }
                move(id, to: .building(peer, hasBegun: true))
                let start = WireStartBuilds.with {
                    $0.job = UInt64(clamping: id.rawValue)
                    $0.outputs = job.builds.needed
                }
                command(peer, .startBuilds(start))
            }
        }
    }

    /// Queues a job whose builds have ended, with what could not be built.
    mutating func endBuilds(_ ended: WireBuildsEnded, at peer: Peer) {
        let id = JobID(rawValue: Int64(clamping: ended.job))
        // Otherwise the job was cancelled or its builds were forgotten.
        guard case .building(peer, hasBegun: true)? = jobs[id]?.state else { return }
        jobs[id]?.builds.add(ended.failures)
        requeue(id)
    }

    /// A list of jobs that the store has read, with the state of those that wait for builds or for other jobs. In the store
    /// they are queued.
    func withBuilds(_ reply: ClientReply, for session: ClientSession) -> ClientReply {
        guard case .jobList(var list) = reply else { return reply }
        list.jobs = list.jobs.map { status in
            guard status.state == .queued, let job = visible(status.job, to: session),
                [.building, .blocked].contains(job.wireState)
            else { return status }
            var status = status
            status.state = job.wireState
            return status
        }
        return .jobList(list)
    }

    /// Queues the jobs of a worker that is gone. They ask again for what is not built.
    mutating func forgetBuilds(_ ids: Set<JobID>) {
        for id in ids.sorted() {
            guard case .building? = jobs[id]?.state else { continue }
            jobs[id]?.builds.needed = []
            requeue(id)
        }
    }
}
