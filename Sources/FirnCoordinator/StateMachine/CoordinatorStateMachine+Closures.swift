import FirnProtocol
import Foundation
import JobStore

/// What becomes of the store objects of a finished job.
extension CoordinatorStateMachine {
    /// The result of a job whose objects are being added to the binary cache.
    struct Publication: Sendable {
        let attempt: UInt32
        let result: WireJobResult
        let value: Data?
        let peer: Peer
    }

    mutating func publish(_ id: JobID, _ publication: Publication) {
        publications[id] = publication
        actions.append(.publish(id, attempt: publication.attempt))
    }

    /// The objects are in the cache, or cannot be added. Only now the result counts: a client that reads it finds them.
    mutating func published(_ id: JobID, attempt: UInt32, _ failure: String?) {
        guard let publication = publications[id], publication.attempt == attempt, jobs[id] != nil else { return }
        publications[id] = nil
        guard let failure else {
            return finish(id, attempt, publication.result, value: publication.value, publication.peer)
        }
        var result = publication.result
        result.outcome = .internalError
        result.value = Data()
        result.valueBytes = 0
        result.clearClosure()
        result.failure = .with {
            $0.kind = "closure-not-published"
            $0.message = Data("the store objects cannot be added to the farm's binary cache: \(failure)".utf8)
        }
        move(id, to: .concluding(result))
        finish(id, attempt, result, value: nil, publication.peer)
    }

    mutating func readClosure(
        _ closure: WireReadClosure, from peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) {
        guard isFinished(closure.job, peer, session, correlation) else { return }
        read(.closure(closure), for: peer, correlation)
    }

    mutating func readObjects(
        _ objects: WireReadObjects, from peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) {
        guard (1...ProtocolLimits.namedObjects).contains(objects.names.count),
            objects.names.allSatisfy(WireStoreObject.isName)
        else {
            return refuse(
                peer, correlation, .malformedBody,
                "names: they are not 1 to \(ProtocolLimits.namedObjects) names of store objects")
        }
        guard isFinished(objects.job, peer, session, correlation) else { return }
        read(.objects(objects), for: peer, correlation)
    }

    /// Whether a job is not open, so that the store has what there is of it. Otherwise the request is refused.
    private mutating func isFinished(
        _ number: UInt64, _ peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) -> Bool {
        if visible(number, to: session) == nil { return true }
        refuseForNow(
            peer, correlation, .notFinished, "job \(number) is not finished", retryAfter: StoreReader.unfinishedMs)
        return false
    }
}
