import FirnProtocol
import Foundation
import JobStore

/// Selections of jobs, and specifications of jobs that are submitted again.
extension StoreReader {
    func selected(_ selection: JobSelection, _ read: CoordinatorRead) throws -> CoordinatorRead.Selected {
        switch selection {
        case .cancel(let filter, _):
            let jobs = try select(filter, states: Self.open, read)
            return page(jobs, of: filter, read)
        case .retry(let filter, let token):
            return try specifications(of: select(filter, states: [.finished], read), filter, token, read)
        case .retryNamed(let numbers, let token): return try specifications(of: numbers, token, read)
        }
    }

    private static let open: Set<JobFilter.Kind> = [.delayed, .queued, .held, .running]

    private func select(
        _ wire: WireJobFilter, states: Set<JobFilter.Kind>, _ read: CoordinatorRead
    ) throws -> [JobSummary] {
        let wanted = wire.tenant.isEmpty ? nil : wire.tenant
        var filter = JobFilter(
            tenant: read.tenant ?? wanted, before: wire.before == 0 ? nil : read.key(wire.before), states: states,
            now: CoordinatorTime.current().wall, limit: limit(of: wire))
        if wire.outcome != .unspecified {
            filter.code = Int32(clamping: wire.outcome.rawValue)
        } else if states == [.finished] {
            filter.exceptCode = Int32(clamping: WireOutcomeKind.ok.rawValue)
        }
        filter.labelPrefix = wire.labelPrefix
        filter.key = wire.key
        filter.submittedFrom = wire.submittedFromUnixMs
        filter.submittedUntil = wire.submittedUntilUnixMs
        return try store.jobs(filter)
    }

    private func limit(of filter: WireJobFilter) -> Int {
        filter.limit == 0 ? ProtocolLimits.selectedJobs : min(Int(filter.limit), ProtocolLimits.selectedJobs)
    }

    /// What the answer says of the jobs, apart from their specifications.
    private func page(
        _ jobs: [JobSummary], of filter: WireJobFilter, _ read: CoordinatorRead
    ) -> CoordinatorRead.Selected {
        var selected = CoordinatorRead.Selected()
        selected.jobs = jobs.map { UInt64(clamping: read.tenant == nil ? $0.id.rawValue : $0.number) }
        if jobs.count == limit(of: filter), let last = selected.jobs.last { selected.nextBefore = last }
        return selected
    }

    private func specifications(
        of jobs: [JobSummary], _ filter: WireJobFilter, _ token: Data, _ read: CoordinatorRead
    ) throws -> CoordinatorRead.Selected {
        var selected = page(jobs, of: filter, read)
        var bytes = 0
        for (index, job) in jobs.enumerated() {
            // What does not fit a batch is left to the next request.
            guard bytes < settings.batchBytes else {
                selected.nextBefore = selected.jobs[index - 1]
                selected.jobs.removeSubrange(index...)
                return selected
            }
            let specification = try again(job.id, number: selected.jobs[index], token)
            if case .success(let encoded) = specification { bytes += encoded.count }
            selected.specifications.append(specification)
        }
        return selected
    }

    private func specifications(
        of numbers: [UInt64], _ token: Data, _ read: CoordinatorRead
    ) throws -> CoordinatorRead.Selected {
        var selected = CoordinatorRead.Selected()
        selected.jobs = numbers
        var bytes = 0
        for number in numbers {
            guard bytes < settings.batchBytes else {
                throw ProtocolError(
                    .batchTooLarge, "the jobs have more than \(settings.batchBytes) bytes: name fewer at once")
            }
            guard let record = try store.job(read.key(number)) else {
                selected.specifications.append(.failure(ProtocolError(.unknownJob, "there is no job \(number)")))
                continue
            }
            guard record.outcome != nil else {
                let error = ProtocolError(.notFinished, "job \(number) is not finished", retryAfter: Self.unfinishedMs)
                selected.specifications.append(.failure(error))
                continue
            }
            let specification = try again(record.summary.id, number: number, token)
            if case .success(let encoded) = specification { bytes += encoded.count }
            selected.specifications.append(specification)
        }
        return selected
    }

    /// The specification with which a job is submitted again. Its idempotency key is the same for the same token.
    private func again(_ id: JobID, number: UInt64, _ token: Data) throws -> Result<Data, ProtocolError> {
        guard let encoded = try store.specification(of: id) else {
            return .failure(ProtocolError(.notKept, "job \(number) is not kept any more"))
        }
        var job: WireJobSpecification
        do throws(ProtocolError) { job = try WireJobSpecification(encoded: encoded) } catch { return .failure(error) }
        job.notBeforeUnixMs = 0
        job.expiresUnixMs = 0
        job.after = []
        job.clearSupersedes()
        job.cached = false
        job.idempotencyKey =
            Data("retry".utf8) + token + (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        return .success(Data(job.encoded()))
    }

    /// When to ask again for what only a finished job has.
    static let unfinishedMs: UInt64 = 1_000
}
