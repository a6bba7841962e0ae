import FirnProtocol
import Foundation
import JobStore

/// Results and the parts of large values.
extension CoordinatorStateMachine {
    mutating func receive(_ segment: WireResultSegment, from peer: Peer) {
        let id = JobID(rawValue: Int64(clamping: segment.job))
        guard workers[peer]?.index(of: id, attempt: segment.attempt) != nil, let job = jobs[id] else {
            metrics.staleRefused += 1
            return reportStale(id, segment.attempt, to: peer, "a result segment of an attempt that holds no lease")
        }
        if segment.number == 0 { dropValue(id) }
        // Parts that do not fit are dropped. The result then announces more parts than there are, and is refused.
        let parts = jobs[id]?.valueParts.count ?? 0
        let bytes = (jobs[id]?.valuePartBytes ?? 0) + segment.bytes.count
        guard Int(clamping: segment.number) == parts, segment.bytes.count <= settings.segmentBytes,
            UInt64(clamping: bytes) <= job.admission.limits.resultBytes
        else { return dropValue(id) }
        jobs[id]?.valueParts.append(segment.bytes)
        jobs[id]?.valuePartBytes = bytes
    }

    mutating func dropValue(_ id: JobID) {
        jobs[id]?.valueParts = []
        jobs[id]?.valuePartBytes = 0
    }

    mutating func receive(_ attemptResult: WireAttemptResult, from peer: Peer) {
        let id = JobID(rawValue: Int64(clamping: attemptResult.job))
        let attempt = attemptResult.attempt
        guard let job = jobs[id] else {
            // Either the result was committed and the acknowledgement was lost, or the attempt is stale: the store
            // knows which.
            return finish(id, attempt, attemptResult.result, value: nil, peer)
        }
        guard workers[peer]?.index(of: id, attempt: attempt) != nil else {
            if publications[id]?.attempt == attempt { return }
            if isConcluding(id, attempt: attempt) {
                return finish(id, attempt, attemptResult.result, value: nil, peer)
            }
            metrics.staleRefused += 1
            return reportStale(id, attempt, to: peer, "a result of an attempt that holds no lease")
        }
        workers[peer]?.drop(id)
        advancedWorkers.insert(peer)
        if job.isInherited, job.upload == nil, attemptResult.result.closure.parts > 0 {
            // Whether all of it is on disk was known to the coordinator's earlier start alone.
            returnLease(id)
            return reportStale(id, attempt, to: peer, "its uploads cannot be verified: the coordinator was restarted")
        }
        do throws(ProtocolError) {
            if !attemptResult.result.needed.isEmpty { return try waitForBuilds(job, attemptResult.result, peer) }
            var (result, value) = try complete(attemptResult.result, of: job)
            if result.outcome == .cancelled, let cancellation = job.cancellation {
                // The worker knows that it was to stop, and this names why.
                result.failure.message += Data(": \(cancellation.reason)".utf8)
            }
            account(job, result)
            dropValue(id)
            endUpload(id, isKept: result.hasClosure)
            move(id, to: .concluding(result))
            guard result.hasClosure, job.admission.closure?.destination == .cache else {
                return finish(id, attempt, result, value: value, peer)
            }
            publish(id, Publication(attempt: attempt, result: result, value: value, peer: peer))
        } catch {
            refuseWorker(peer, 0, error.code, error.message)
            loseLease(id, worker: workers[peer]?.hello.name ?? "", cause: "it sent a result that \(error.message)")
        }
    }

    /// Checks a worker's result and joins the parts of its value. A value that is too large to be part of the result is
    /// returned beside it.
    ///
    /// - Throws: a fault whose message continues the sentence "it sent a result that ...".
    private func complete(
        _ sent: WireJobResult, of job: Job
    ) throws(ProtocolError) -> (WireJobResult, value: Data?) {
        guard let outcome = Outcome(wire: sent.outcome), !outcome.isDecidedByCoordinator else {
            throw ProtocolError(.malformedBody, "has the outcome \(sent.outcome.rawValue), which no worker may give")
        }
        let textBytes = sent.textBytes
        guard textBytes <= ProtocolLimits.resultTextBytes else {
            throw ProtocolError(
                .malformedBody,
                "has \(textBytes) bytes beside its value, more than \(ProtocolLimits.resultTextBytes)")
        }
        var result = sent
        result.trace.complete = false
        result.cached = false
        if !sent.hasTrace { result.clearTrace() }
        try Self.checkClosure(&result, of: job)
        try Self.checkPreparedSet(&result, of: job)
        if sent.valueSegments > 0 {
            guard job.valueParts.count == Int(clamping: sent.valueSegments), sent.value.isEmpty,
                UInt64(clamping: job.valuePartBytes) == sent.valueBytes
            else { throw ProtocolError(.malformedBody, "does not fit the result segments that came before") }
            result.value = job.valueParts.reduce(into: Data(capacity: job.valuePartBytes)) { $0.append($1) }
            result.valueSegments = 0
        }
        guard UInt64(clamping: result.value.count) == sent.valueBytes else {
            throw ProtocolError(.malformedBody, "has another value_bytes than its value")
        }
        guard result.value.count > settings.inlineResultBytes else { return (result, nil) }
        let value = result.value
        result.value = Data(value.prefix(settings.inlineResultBytes))
        return (result, value)
    }

    /// Checks that everything that the job was to give is on disk.
    private static func checkClosure(_ result: inout WireJobResult, of job: Job) throws(ProtocolError) {
        guard job.admission.closure != nil, result.outcome == .ok else { return result.clearClosure() }
        guard result.hasClosure, result.closure.storeDirectory.count <= ProtocolLimits.pathBytes else {
            throw ProtocolError(.malformedBody, "says nothing of the store objects that the job gives")
        }
        let upload = job.upload ?? UploadState(run: RunKey(job))
        guard upload.isComplete(result.closure) else {
            throw ProtocolError(.malformedBody, "names other store objects than it uploaded")
        }
    }

    mutating func finish(
        _ id: JobID, _ attempt: UInt32, _ result: WireJobResult, value: Data?, _ peer: Peer
    ) {
        let outcome = NewOutcome(
            code: Int32(clamping: result.outcome.rawValue), finished: now.wall,
            fuel: Int64(clamping: result.statistics.fuel), body: Data(result.encoded()), value: value,
            traceSegments: Int64(result.trace.segments), traceDropped: Int64(clamping: result.trace.eventsDropped),
            cacheKey: result.outcome.isRepeatable ? jobs[id]?.admission.scheduling?.cacheKey : nil)
        store(.finish(id, attempt: Int64(attempt), outcome), .finish(id, peer, attempt: attempt))
    }
}
