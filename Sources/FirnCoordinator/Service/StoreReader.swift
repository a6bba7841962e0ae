import FirnProtocol
import Foundation
import JobStore

/// Answers questions about jobs from the store alone. It waits for the disk, so it is not called on the service's
/// thread.
struct StoreReader: Sendable {
    let store: JobStore
    let settings: CoordinatorSettings

    func answer(_ read: CoordinatorRead) -> CoordinatorRead.Answer {
        do {
            switch read.question {
            case .status(let number): return .reply(.jobStatus(try status(of: record(number, read), read)))
            case .watchedJobs(let numbers): return .watched(try watched(numbers, read))
            case .result(let question): return .reply(.resultPart(try part(question, read)))
            case .list(let question): return .reply(.jobList(try list(question, read)))
            case .trace(let question): return .reply(.tracePart(try trace(question, read)))
            case .closure(let question): return .reply(.closurePart(try closure(question, read)))
            case .objects(let question): return .reply(.objectParts(try objects(question, read)))
            case .explain(let number): return .reply(.explanation(try explanation(of: record(number, read), read)))
            case .select(let selection): return .selected(selection, try selected(selection, read))
            }
        } catch let error as ProtocolError {
            return .reply(.error(error.wire))
        } catch {
            return .reply(
                .error(ProtocolError(.storeUnavailable, "the job store fails: \(error)", retryAfter: 1_000).wire))
        }
    }

    func record(_ number: UInt64, _ read: CoordinatorRead) throws -> JobRecord {
        guard let record = try store.job(read.key(number)) else {
            throw ProtocolError(.unknownJob, "there is no job \(number)")
        }
        return record
    }

    func status(of record: JobRecord, _ read: CoordinatorRead) throws -> WireJobStatus {
        var status = record.summary.status(isForOperator: read.tenant == nil)
        status.lostWorkers = record.lost.map { read.tenant == nil ? $0.text : $0.textForTenant }
        if let result = try result(of: record) { status.result = result }
        return status
    }

    func result(of record: JobRecord) throws -> WireJobResult? {
        guard let outcome = record.outcome else { return nil }
        var result = try WireJobResult(encoded: outcome)
        if result.hasTrace { result.trace.complete = try store.trace(of: record.summary.id)?.isComplete ?? false }
        return result
    }

    private func watched(_ numbers: [UInt64], _ read: CoordinatorRead) throws -> CoordinatorRead.Watched {
        var watched = CoordinatorRead.Watched()
        var bytes = 0
        for (index, number) in numbers.enumerated() {
            guard bytes < CoordinatorStateMachine.updateBytes else {
                watched.remaining = Array(numbers[index...])
                break
            }
            guard let record = try store.job(read.key(number)) else {
                watched.unknown.append(number)
                continue
            }
            let status = try status(of: record, read)
            bytes += status.bytes
            watched.statuses.append(status)
        }
        return watched
    }

    private func part(_ question: WireReadResult, _ read: CoordinatorRead) throws -> WireResultPart {
        let record = try record(question.job, read)
        let id = record.summary.id
        guard let result = try result(of: record) else {
            throw ProtocolError(.notFinished, "job \(question.job) is not finished", retryAfter: Self.unfinishedMs)
        }
        let most = CoordinatorRead.partBytes
        let wanted = question.maxBytes == 0 ? most : min(Int(question.maxBytes), most)
        let offset = Int64(clamping: question.offset)
        if let (part, size) = try store.value(of: id, from: offset, count: wanted) {
            return Self.part(question, part, size)
        }
        guard result.valueBytes == UInt64(result.value.count) else {
            throw ProtocolError(.notKept, "the value of job \(question.job) is not kept any more")
        }
        return Self.part(question, result.value.dropFirst(Int(offset)).prefix(wanted), Int64(result.value.count))
    }

    private static func part(_ question: WireReadResult, _ bytes: Data, _ size: Int64) -> WireResultPart {
        .with {
            $0.job = question.job
            $0.offset = question.offset
            $0.totalBytes = UInt64(clamping: size)
            $0.bytes = bytes
        }
    }

    private func list(_ question: WireListJobs, _ read: CoordinatorRead) throws -> WireJobList {
        let limit = min(question.limit == 0 ? 100 : question.limit, ProtocolLimits.listedJobs)
        let wanted = question.tenant.isEmpty ? nil : question.tenant
        let filter = JobFilter(
            tenant: read.tenant ?? wanted,
            before: question.before == 0 ? nil : read.key(question.before),
            states: try Self.states(question.state),
            code: question.outcome == .unspecified ? nil : Int32(clamping: question.outcome.rawValue),
            now: CoordinatorTime.current().wall, limit: Int(limit))
        let jobs = try store.jobs(filter)
        return .with {
            $0.jobs = jobs.map { $0.status(isForOperator: read.tenant == nil) }
            $0.more = jobs.count == Int(limit)
        }
    }

    private static func states(_ state: WireJobState) throws(ProtocolError) -> Set<JobFilter.Kind> {
        switch state {
        case .unspecified: Set(JobFilter.Kind.allCases)
        case .delayed: [.delayed]
        case .queued: [.queued]
        case .held: [.held]
        case .running: [.running]
        case .finished: [.finished]
        case .building, .blocked:
            throw ProtocolError(
                .malformedBody,
                "state: the store does not know which jobs are blocked or building; they are listed as queued")
        case .UNRECOGNIZED(let number): throw ProtocolError(.malformedBody, "state: \(number) is not known")
        }
    }

    private func trace(_ question: WireReadTrace, _ read: CoordinatorRead) throws -> WireTracePart {
        let record = try record(question.job, read)
        let id = record.summary.id
        guard let result = try result(of: record) else {
            throw ProtocolError(.notFinished, "job \(question.job) is not finished", retryAfter: Self.unfinishedMs)
        }
        guard result.hasTrace, let stored = try store.trace(of: id),
            question.attempt == 0 || Int64(question.attempt) == stored.attempt
        else { throw ProtocolError(.notKept, "no trace of job \(question.job) is kept for that attempt") }
        var part = WireTracePart.with {
            $0.job = question.job
            $0.attempt = UInt32(clamping: stored.attempt)
            $0.summary = result.trace
        }
        var bytes = 0
        for number in stored.numbers where number >= Int64(question.firstSegment) {
            guard bytes < CoordinatorRead.partBytes else {
                part.nextSegment = UInt32(clamping: number)
                break
            }
            guard let segment = try store.traceSegment(job: id, attempt: stored.attempt, number: number) else {
                continue
            }
            var shown = try WireTraceSegment(encoded: segment)
            // The stored segment bears the coordinator's own id, which would tell a tenant how many jobs others have.
            shown.job = question.job
            part.segments.append(shown)
            bytes += segment.count
        }
        return part
    }
}
