import FirnProtocol
import Foundation
import JobStore

extension CoordinatorStateMachine {
    /// From now on, segments of the job's current attempt are accepted from the worker that holds it.
    mutating func beginTrace(_ id: JobID, _ peer: Peer) {
        guard let job = jobs[id], job.admission.isTraced, let identity = workers[peer]?.identity else { return }
        traces[id] = TraceTally(attempt: job.attempt, identity: identity, limit: job.admission.limits.traceBytes)
    }

    mutating func receive(_ segment: WireTraceSegment, from identity: Identity) {
        metrics.messagesReceived += 1
        let id = JobID(rawValue: Int64(clamping: segment.job))
        guard let tally = traces[id], tally.attempt == segment.attempt, tally.identity == identity,
            segment.number < Self.traceSegments, !tally.numbers.contains(segment.number)
        else {
            metrics.segmentsDropped += 1
            return
        }
        let bytes = Data(segment.encoded())
        let size = UInt64(bytes.count)
        guard isWithinBounds(id, tally, size) else {
            metrics.segmentsDropped += 1
            return
        }
        metrics.segmentsStored += 1
        traces[id]?.numbers.insert(segment.number)
        traces[id]?.bytes += size
        actions.append(
            .appendTrace(
                TraceSegment(job: id, attempt: Int64(segment.attempt), number: Int64(segment.number), bytes: bytes)))
    }

    /// Whether the segment is within the job's limit and the tenant's hourly limit. A correct worker respects the job's
    /// limit itself; the check bounds one that does not.
    private mutating func isWithinBounds(_ id: JobID, _ tally: TraceTally, _ size: UInt64) -> Bool {
        guard size <= UInt64(clamping: 2 * settings.segmentBytes),
            tally.bytes + size <= tally.limit + tally.limit / 4 + UInt64(clamping: settings.segmentBytes)
        else { return false }
        // After the result the job is removed, and the tenant's hourly limit no longer applies to its last segments.
        guard let tenant = jobs[id]?.tenant else { return true }
        let most = tenants[tenant].policy.traceBytesPerHour
        guard most == 0 || tenants[tenant].traceWindow.total(at: now.wall) + size <= most else { return false }
        tenants[tenant].traceWindow.add(size, at: now.wall)
        return true
    }

    mutating func readTrace(_ trace: WireReadTrace, from peer: Peer, _ session: ClientSession, _ correlation: UInt64) {
        guard visible(trace.job, to: session) == nil else {
            return refuseForNow(
                peer, correlation, .notFinished, "job \(trace.job) is not finished",
                retryAfter: StoreReader.unfinishedMs)
        }
        read(.trace(trace), for: peer, correlation)
    }

    /// Segments that a trace may have: 64 GiB at the largest segment size.
    private static let traceSegments: UInt32 = 1 << 16
}
