import FirnProtocol
import FoundationEssentials
import Platform
import SwiftProtobuf

extension FirnClient {
    /// Submits jobs in as many batches as the coordinator's bounds require, all in flight at once.
    ///
    /// - Returns: a receipt for each job, in order. A job without an idempotency key gets a random one, so that a batch
    ///   that must be sent again does not run twice.
    public func submit(_ jobs: [WireJobSpecification]) async throws -> [Receipt] {
        var asked: [Task<ClientReply, any Error>] = []
        for batch in batches(jobs) {
            let request = ClientRequest.submit(.with { $0.jobs = batch })
            asked.append(Task { try await ask(request) })
        }
        var receipts: [Receipt] = []
        for task in asked {
            guard case .submitReply(let reply) = try await task.value else { throw ClientError.unexpectedReply }
            receipts += reply.receipts.map(Receipt.init)
        }
        return receipts
    }

    /// Submits jobs and watches them.
    ///
    /// - Returns: a receipt for each job, and the changes of the accepted ones until all are finished.
    public func submitAndWatch(
        _ jobs: [WireJobSpecification]
    ) async throws -> (receipts: [Receipt], updates: AsyncThrowingStream<WireJobStatus, any Error>) {
        let batches = batches(jobs)
        guard let batch = batches.first else { return ([], AsyncThrowingStream { $0.finish() }) }
        guard batches.count == 1 else {
            let receipts = try await submit(jobs)
            return (receipts, try watch(receipts.compactMap(\.job)))
        }
        let submit = WireSubmit.with {
            $0.jobs = batch
            $0.watch = true
        }
        let (correlation, updates) = try open(.submit(submit))
        guard case .submitReply(let reply) = try await reply(to: correlation) else { throw ClientError.unexpectedReply }
        return (reply.receipts.map(Receipt.init), updates)
    }

    /// The state of a job, with its result if it is finished.
    ///
    /// - Parameters:
    ///   - job: the job's number.
    ///   - wait: how long to wait for the job to finish, in whole milliseconds; zero to return at once.
    public func result(_ job: UInt64, wait: Duration = .zero) async throws -> WireJobStatus {
        let request = WireGet.with {
            $0.job = job
            $0.waitMs = UInt32(clamping: wait.milliseconds)
        }
        guard case .jobStatus(var status) = try await ask(.get(request)) else { throw ClientError.unexpectedReply }
        if status.hasResult { try await complete(&status.result, of: job) }
        return status
    }

    /// Reads the rest of a value that is too large for one message.
    public func complete(_ result: inout WireJobResult, of job: UInt64) async throws {
        while UInt64(result.value.count) < result.valueBytes {
            let request = WireReadResult.with {
                $0.job = job
                $0.offset = UInt64(result.value.count)
            }
            guard case .resultPart(let part) = try await ask(.readResult(request)), !part.bytes.isEmpty else {
                throw ClientError.unexpectedReply
            }
            result.value.append(part.bytes)
        }
    }

    /// The current state of each job, and then each change, until all are finished. Large values are incomplete:
    /// `complete` reads the rest.
    public func watch(_ jobs: [UInt64]) throws -> AsyncThrowingStream<WireJobStatus, any Error> {
        guard !jobs.isEmpty else { return AsyncThrowingStream { $0.finish() } }
        return try open(.watch(.with { $0.jobs = jobs })).1
    }

    /// The jobs that a query selects, newest first: those of this tenant, or of all tenants with an operator's key.
    public func jobs(_ query: WireListJobs = WireListJobs()) async throws -> WireJobList {
        guard case .jobList(let list) = try await ask(.listJobs(query)) else { throw ClientError.unexpectedReply }
        return list
    }

    /// Cancels jobs. A waiting job ends at once; the worker of a running one is asked to stop. Returns the effect on
    /// each.
    public func cancel(_ jobs: [UInt64], reason: String = "") async throws -> [WireCancellation] {
        let request = WireCancel.with {
            $0.jobs = jobs
            $0.reason = reason
        }
        guard case .cancelReply(let reply) = try await ask(.cancel(request)) else { throw ClientError.unexpectedReply }
        return reply.cancellations
    }

    /// The numbers of waiting and running jobs.
    public func queue() async throws -> WireQueueReport {
        guard case .queueReport(let report) = try await ask(.getQueue(WireGetQueue())) else {
            throw ClientError.unexpectedReply
        }
        return report
    }

    /// The connected workers. Only operators may ask for them.
    public func workers() async throws -> [WireWorkerStatus] {
        guard case .workerList(let list) = try await ask(.listWorkers(WireListWorkers())) else {
            throw ClientError.unexpectedReply
        }
        return list.workers
    }

    /// Drains a worker, or the coordinator if the name is empty, or resumes the coordinator. Only operators may do it.
    public func drain(worker: String = "", resume: Bool = false) async throws -> WireDrainReply {
        let request = WireDrain.with {
            $0.worker = worker
            $0.resume = resume
        }
        guard case .drainReply(let reply) = try await ask(.drain(request)) else { throw ClientError.unexpectedReply }
        return reply
    }

    /// A part of a trace, with segments from `firstSegment` on. The next part is read with its `nextSegment`, until
    /// that is 0.
    public func trace(_ job: UInt64, attempt: UInt32 = 0, firstSegment: UInt32 = 0) async throws -> WireTracePart {
        let request = WireReadTrace.with {
            $0.job = job
            $0.attempt = attempt
            $0.firstSegment = firstSegment
        }
        guard case .tracePart(let part) = try await ask(.readTrace(request)) else { throw ClientError.unexpectedReply }
        return part
    }

    /// A part of the list of a job's store objects, in the order in which they can be added to a store. The next part is
    /// read with its `nextPart`, until that is 0.
    public func closure(_ job: UInt64, firstPart: UInt32 = 0) async throws -> WireClosurePart {
        let request = WireReadClosure.with {
            $0.job = job
            $0.firstPart = firstPart
        }
        guard case .closurePart(let part) = try await ask(.readClosure(request)), part.job == job else {
            throw ClientError.unexpectedReply
        }
        return part
    }

    /// As much of the named store objects as one message carries.
    ///
    /// - Parameters:
    ///   - job: a job whose run has the objects.
    ///   - names: their names, up to `ProtocolLimits.namedObjects`.
    ///   - offset: where to begin in the first of them.
    public func objects(_ job: UInt64, _ names: [Data], offset: UInt64 = 0) async throws -> [WireObjectPiece] {
        let request = WireReadObjects.with {
            $0.job = job
            $0.names = names
            $0.offset = offset
        }
        guard case .objectParts(let parts) = try await ask(.readObjects(request)), parts.job == job else {
            throw ClientError.unexpectedReply
        }
        return parts.pieces
    }

    /// Encodes jobs into batches within the bounds of the welcome.
    private func batches(_ jobs: [WireJobSpecification]) -> [[Data]] {
        let maxJobs = max(1, Int(clamping: welcome.batchJobs))
        let maxBytes = welcome.batchBytes == 0 ? ProtocolLimits.batchBytes : Int(clamping: welcome.batchBytes)
        var batches: [[Data]] = []
        var bytes = 0
        for var job in jobs {
            if job.idempotencyKey.isEmpty { job.idempotencyKey = Self.randomKey() }
            let encoded = Data(job.encoded())
            if batches.isEmpty || batches[batches.count - 1].count >= maxJobs || bytes + encoded.count > maxBytes {
                batches.append([])
                bytes = 0
            }
            batches[batches.count - 1].append(encoded)
            bytes += encoded.count
        }
        return batches
    }

    private static func randomKey() -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
