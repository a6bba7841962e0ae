import FirnProtocol
import Foundation
import JobStore

/// Answers questions about jobs from the store alone. Waits for the disk, so it is not called on the service's thread.
struct StoreReader: Sendable {
    enum Answer: Sendable {
        case reply(ClientReply)
        case watched([WireJobStatus], unknown: [UInt64])
    }

    let store: JobStore
    let settings: CoordinatorSettings

    func answer(_ read: CoordinatorRead) -> Answer {
        do {
            switch read.question {
            case .status(let id): return .reply(.jobStatus(try status(id, read.tenant)))
            case .watchedJobs(let ids): return try watched(ids, read.tenant)
            case .result(let question): return .reply(.resultPart(try part(question, read.tenant)))
            case .list(let question): return .reply(.jobList(try list(question, read.tenant)))
            case .trace(let question): return .reply(.tracePart(try trace(question, read.tenant)))
            }
        } catch let error as ProtocolError {
            return .reply(.error(error.wire))
        } catch {
            return .reply(.error(ProtocolError(.storeUnavailable, "the job store fails: \(error)").wire))
        }
    }

    private func record(_ id: JobID, _ tenant: String?) throws -> JobRecord {
        guard let record = try store.job(id), tenant == nil || record.summary.tenant == tenant else {
            throw ProtocolError(.unknownJob, "there is no job \(id)")
        }
        return record
    }

    private func status(_ id: JobID, _ tenant: String?) throws -> WireJobStatus {
        let record = try record(id, tenant)
        var status = record.summary.status(isForOperator: tenant == nil)
        status.lostWorkers = record.lost.map(\.text)
        if let result = try result(of: record) { status.result = result }
        return status
    }

    private func result(of record: JobRecord) throws -> WireJobResult? {
        guard let outcome = record.outcome else { return nil }
        var result = try WireJobResult(encoded: outcome)
        if result.hasTrace { result.trace.complete = try store.trace(of: record.summary.id)?.isComplete ?? false }
        return result
    }

    private func watched(_ ids: [JobID], _ tenant: String?) throws -> Answer {
        var statuses: [WireJobStatus] = []
        var unknown: [UInt64] = []
        for id in ids {
            do {
                statuses.append(try status(id, tenant))
            } catch is ProtocolError {
                unknown.append(UInt64(clamping: id.rawValue))
            }
        }
        return .watched(statuses, unknown: unknown)
    }

    private func part(_ question: WireReadResult, _ tenant: String?) throws -> WireResultPart {
        let id = JobID(rawValue: Int64(clamping: question.job))
        let record = try record(id, tenant)
        guard let result = try result(of: record) else {
            throw ProtocolError(.notFinished, "job \(id) is not finished")
        }
        let wanted = question.maxBytes == 0 ? Self.partBytes : min(Int(question.maxBytes), Self.partBytes)
        let offset = Int64(clamping: question.offset)
        if let (part, size) = try store.value(of: id, from: offset, count: wanted) {
            return Self.part(question, part, size)
        }
        guard result.valueBytes == UInt64(result.value.count) else {
            throw ProtocolError(.notKept, "the value of job \(id) is not kept any more")
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

    private func list(_ question: WireListJobs, _ tenant: String?) throws -> WireJobList {
        let limit = min(question.limit == 0 ? 100 : question.limit, ProtocolLimits.listedJobs)
        let wanted = question.tenant.isEmpty ? nil : question.tenant
        let filter = JobFilter(
            tenant: tenant ?? wanted,
            before: question.before == 0 ? nil : JobID(rawValue: Int64(clamping: question.before)),
            states: try Self.states(question.state),
            code: question.outcome == .unspecified ? nil : Int32(clamping: question.outcome.rawValue),
            now: CoordinatorTime.current().wall, limit: Int(limit))
        let jobs = try store.jobs(filter)
        return .with {
            $0.jobs = jobs.map { $0.status(isForOperator: tenant == nil) }
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
        case .UNRECOGNIZED(let number): throw ProtocolError(.malformedBody, "state: \(number) is not known")
        }
    }

    private func trace(_ question: WireReadTrace, _ tenant: String?) throws -> WireTracePart {
        let id = JobID(rawValue: Int64(clamping: question.job))
        let record = try record(id, tenant)
        guard let result = try result(of: record) else {
            throw ProtocolError(.notFinished, "job \(id) is not finished")
        }
        guard result.hasTrace, let stored = try store.trace(of: id),
            question.attempt == 0 || Int64(question.attempt) == stored.attempt
        else { throw ProtocolError(.notKept, "no trace of job \(id) is kept for that attempt") }
        var part = WireTracePart.with {
            $0.job = question.job
            $0.attempt = UInt32(clamping: stored.attempt)
            $0.summary = result.trace
        }
        var bytes = 0
        for number in stored.numbers where number >= Int64(question.firstSegment) {
            guard bytes < Self.partBytes else {
                part.nextSegment = UInt32(clamping: number)
                break
            }
            guard let segment = try store.traceSegment(job: id, attempt: stored.attempt, number: number) else {
                continue
            }
            part.segments.append(try WireTraceSegment(encoded: segment))
            bytes += segment.count
        }
        return part
    }

    /// What one answer carries at most, about.
    private static let partBytes = 4 << 20
}

extension JobSummary {
    /// What lists show; without the result.
    func status(isForOperator: Bool) -> WireJobStatus {
        .with {
            $0.job = UInt64(clamping: id.rawValue)
            $0.attempt = UInt32(clamping: attempt)
            $0.priority = priority
            $0.submittedUnixMs = submitted
            $0.startedUnixMs = started
            $0.finishedUnixMs = finished
            $0.label = label
            switch state {
            case .queued: $0.state = notBefore > CoordinatorTime.current().wall ? .delayed : .queued
            case .held: $0.state = .held
            case .running: $0.state = .running
            case .finished(let code):
                $0.state = .finished
                $0.outcome = WireOutcomeKind(rawValue: Int(code)) ?? .unspecified
            }
            guard isForOperator else { return }
            $0.tenant = tenant
            $0.worker = worker ?? ""
        }
    }
}
