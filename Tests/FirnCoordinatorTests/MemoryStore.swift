import Foundation
import JobStore

/// The rules of the job store without a disk.
struct MemoryStore {
    struct Stored {
        let job: NewJob
        let number: Int64
        var attempt: Int64 = 0
        var holder: String?
        var hasBegun = false
        var prepared: Data?
        var lost: [LostWorker] = []
        var outcome: (code: Int32, attempt: Int64)?
    }

    private struct CacheName: Hashable {
        let tenant: String
        let key: Data
    }

    /// The outcomes that equal jobs may take.
    private var cachedCodes: [CacheName: Int32] = [:]
    private(set) var jobs: [JobID: Stored] = [:]
    private var next: Int64 = 1
    private var numbers: [JobKey: JobID] = [:]
    private var counts: [String: Int64] = [:]

    mutating func apply(_ operations: [JobStoreOperation]) -> [JobStoreReply] { operations.map { apply($0) } }

    private mutating func apply(_ operation: JobStoreOperation) -> JobStoreReply {
        switch operation {
        case .insert(let job): return insert(job)
        case .lease(let id, let attempt, let worker, _, let begins, let prepared):
            guard let job = jobs[id], job.outcome == nil, attempt > job.attempt else { return .refused }
            jobs[id]?.attempt = attempt
            jobs[id]?.holder = worker
            jobs[id]?.hasBegun = begins
            jobs[id]?.prepared = prepared
            return .applied
        case .begin(let id, let attempt, _):
            guard let job = jobs[id], job.holder != nil, job.attempt == attempt, job.outcome == nil else {
                return .refused
            }
            jobs[id]?.hasBegun = true
            return .applied
        case .finish(let id, let attempt, let outcome):
            guard let job = jobs[id] else { return .refused }
            if let known = job.outcome { return known.attempt == attempt ? .repeated : .refused }
            guard job.holder != nil, job.attempt == attempt else { return .refused }
            jobs[id]?.outcome = (outcome.code, attempt)
            if let key = outcome.cacheKey { cachedCodes[CacheName(tenant: job.job.tenant, key: key)] = outcome.code }
            return .applied
        case .requeue(let id, let attempt): return release(id, attempt)
        case .lose(let id, let attempt, let worker, let cause, let time):
            guard release(id, attempt) == .applied else { return .refused }
            jobs[id]?.lost.append(LostWorker(attempt: attempt, worker: worker, cause: cause, at: time))
            return .applied
        case .conclude(let id, let outcome):
            guard let job = jobs[id], job.outcome == nil else { return .refused }
            jobs[id]?.outcome = (outcome.code, 0)
            return .applied
        case .probe(let key):
            guard let job = find(key).flatMap({ jobs[$0] }) else { return .standing(.unknown) }
            return .standing(job.outcome.map { .finished(code: $0.code) } ?? .open)
        }
    }

    func find(_ key: JobKey) -> JobID? {
        switch key {
        case .id(let id): jobs[id] == nil ? nil : id
        case .number: numbers[key]
        }
    }

    private mutating func insert(_ job: NewJob) -> JobStoreReply {
        if let key = job.idempotencyKey,
            let (id, known) = jobs.first(where: {
                $0.value.job.tenant == job.tenant && $0.value.job.idempotencyKey == key
            })
        {
            return .exists(
                id, number: known.number, finished: known.outcome != nil, sameBody: known.job.body == job.body)
        }
        let id = JobID(rawValue: next)
        next += 1
        let number = counts[job.tenant, default: 0] + 1
        counts[job.tenant] = number
        numbers[.number(number, tenant: job.tenant)] = id
        jobs[id] = Stored(job: job, number: number)
        if let key = job.cache?.key, let code = cachedCodes[CacheName(tenant: job.tenant, key: key)] {
            jobs[id]?.outcome = (code, 0)
            return .insertedFinished(id, number: number)
        }
        return .inserted(id, number: number)
    }

    private mutating func release(_ id: JobID, _ attempt: Int64) -> JobStoreReply {
        guard let job = jobs[id], job.holder != nil, job.attempt == attempt, job.outcome == nil else { return .refused }
        jobs[id]?.holder = nil
        return .applied
    }

    /// Jobs that have an outcome.
    var finished: Int { jobs.values.count { $0.outcome != nil } }

    /// The jobs that a starting coordinator finds.
    var open: [OpenJob] {
        jobs.filter { $0.value.outcome == nil }.sorted { $0.key < $1.key }.map { id, stored in
            OpenJob(
                id: id, number: stored.number, job: stored.job, attempt: stored.attempt, holder: stored.holder,
                hasBegun: stored.hasBegun,
                lost: stored.lost, prepared: stored.prepared)
        }
    }
}
