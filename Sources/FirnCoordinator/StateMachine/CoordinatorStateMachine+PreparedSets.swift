import FirnProtocol
import Foundation
import JobStore

/// Package sets that workers have evaluated before jobs ask for them.
///
/// A job that names a set waits, like one that names a root, for a worker that announced it. While no worker has the
/// set, one that can make it is told to. No lease is held meanwhile: the job goes to whichever worker is ready first.
/// The first attempt fixes the identity of the set, so that a later one evaluates the same.
extension CoordinatorStateMachine {
    /// Refuses a job for a set that workers have and its tenant may not use. A job for a set that no worker has waits.
    func checkPreparedSet(_ requirement: Requirement) throws(ProtocolError) {
        guard let prepared = requirement.prepared else { return }
        let known = workers.values.compactMap { $0.preparedSets[prepared.name] }
        let refusals = known.map { prepared.refusal(of: $0) }
        guard let first = refusals.first, let reason = first, !refusals.contains(nil) else { return }
        throw ProtocolError(.notPermitted, "prepared: \(reason)")
    }

    /// Handles what a worker says of its prepared sets.
    mutating func announce(_ sets: [WirePreparedSet], of peer: Peer) {
        if let fault = sets.fault { return refuseWorker(peer, 0, .malformedBody, fault) }
        workers[peer]?.announce(sets)
    }

    /// Fixes the identity of the set that a job starts from: the one that the worker has.
    ///
    /// - Returns: the identity; nil if the job needs no set.
    mutating func fixPreparedSet(of id: JobID, at peer: Peer) -> Data? {
        guard let prepared = jobs[id]?.requirement.prepared else { return nil }
        if prepared.identity.isEmpty, let set = workers[peer]?.preparedSets[prepared.name] {
            jobs[id]?.requirement.prepared?.identity = [UInt8](set.identity)
        }
        return jobs[id]?.requirement.prepared.map { Data($0.identity) }
    }

    /// Lets a job that has never begun start from another set of that name.
    mutating func releasePreparedSet(of id: JobID) {
        guard let asked = jobs[id]?.admission.requirement.prepared else { return }
        jobs[id]?.requirement.prepared = asked
    }

    /// Checks that the result of a job is of the set that its lease named.
    ///
    /// - Throws: a fault whose message continues the sentence "it sent a result that ...".
    static func checkPreparedSet(_ result: inout WireJobResult, of job: Job) throws(ProtocolError) {
        guard let prepared = job.requirement.prepared else { return result.preparedIdentity = Data() }
        guard
            result.preparedIdentity.isEmpty
                ? result.outcome != .ok : result.preparedIdentity.elementsEqual(prepared.identity)
        else { throw ProtocolError(.malformedBody, "is of another prepared set than its job's") }
    }

    /// Has sets made that jobs wait for and no worker has, and ends jobs whose set cannot be made. Called at the end of
    /// each turn, after the dispatch.
    mutating func prepareSets() {
        guard preparedJobs > 0 else { return }
        for tenant in tenants.indices where tenants[tenant].ready > 0 {
            for requirement in Set(tenants[tenant].queues.keys.map(\.requirement)) where requirement.prepared != nil {
                prepare(requirement, of: tenant)
            }
        }
    }

    private mutating func prepare(_ requirement: Requirement, of tenant: Int) {
        guard let prepared = requirement.prepared else { return }
        let alive = workers.values.filter { isAlive($0) && !$0.isDraining }
        guard !alive.contains(where: { $0.satisfies(requirement) }) else { return }
        let able = alive.filter { $0.canPrepare(requirement) }
        guard !able.isEmpty else { return endUnprepared(requirement, alive, of: tenant) }
        let isOnItsWay = able.contains { session in
            guard let set = session.preparedSets[prepared.name] else { return false }
            return set.state == .building || session.preparing.contains([UInt8](set.identity))
        }
        guard !isOnItsWay, let first = able.min(by: { $0.hello.name < $1.hello.name }),
            let set = first.preparedSets[prepared.name]
        else { return }
        workers[first.peer]?.preparing.insert([UInt8](set.identity))
        command(
            first.peer,
            .prepareSet(
                .with {
                    $0.name = set.name
                    $0.identity = set.identity
                }))
    }

    /// Ends the jobs for a set that every worker which could make it failed to make.
    private mutating func endUnprepared(_ requirement: Requirement, _ alive: [WorkerSession], of tenant: Int) {
        guard let prepared = requirement.prepared else { return }
        let failed = alive.compactMap { $0.preparedSets[prepared.name] }
            .first { $0.state == .failed && prepared.matches($0) }
        guard let failed else { return }
        let waiting = jobs.values.filter { $0.tenant == tenant && $0.isQueued && $0.requirement == requirement }
        for job in waiting.sorted(by: { $0.id < $1.id }) {
            conclude(
                job.id, .evalError, "the prepared set '\(prepared.name)' cannot be made: \(failed.reason)", cancel: nil)
        }
    }
}
