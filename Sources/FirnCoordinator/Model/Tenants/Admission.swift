import FirnProtocol
import Foundation
import JobStore

/// What the coordinator needs to know of a specification. The specification itself is kept as the bytes that were sent.
struct Admission: Sendable {
    let bytes: Data
    let idempotencyKey: Data?
    let priority: Int32
    let notBefore: Int64
    /// Wall time; 0 if the job names no expiry.
    let expires: Int64
    let label: String
    /// The fairness key; empty for none.
    let key: String
    /// What the job says of other jobs; nil for nothing.
    let scheduling: JobScheduling?
    /// The limits of the job, completed by the tenant's defaults.
    let limits: WireLimits
    /// What a worker must have for the first attempt; `Job.requirement` has what is known later.
    let requirement: Requirement
    let isTraced: Bool
    /// What is to become of the store objects of the job; nil if it gives none.
    let closure: WireClosureRequest?

    /// Reads and checks a specification.
    /// - Throws: the error for the job's receipt.
    init(
        bytes: Data, tenant: String, policy: TenantPolicy, settings: CoordinatorSettings
    ) throws(ProtocolError) {
        let specification = try WireJobSpecification.validated(encoded: bytes, maxBytes: settings.jobBytes)
        try policy.check(specification)
        if specification.hasClosure, specification.closure.destination == .cache, settings.closureCache == nil {
            throw ProtocolError(
                .notPermitted, "closure.destination: this farm has no binary cache (closureCache.directory)")
        }
        self.init(specification, bytes: bytes, tenant: tenant, policy: policy)
    }

    /// Reads the specification of a stored job. It was accepted by an earlier start, so it is not checked again.
    init(stored job: NewJob, policy: TenantPolicy) throws(ProtocolError) {
        self.init(
            try WireJobSpecification(encoded: job.body), bytes: job.body, tenant: job.tenant, policy: policy)
    }

    private init(_ specification: WireJobSpecification, bytes: Data, tenant: String, policy: TenantPolicy) {
        self.bytes = bytes
        idempotencyKey = specification.idempotencyKey.isEmpty ? nil : specification.idempotencyKey
        priority = specification.priority
        notBefore = max(0, specification.notBeforeUnixMs)
        expires = max(0, specification.expiresUnixMs)
        label = specification.label
        key = specification.key
        limits = specification.limits.filled(from: policy.defaultLimits)
        scheduling = JobScheduling(specification, limits: limits)
        requirement = Requirement(specification, tenant: tenant, policy: policy)
        isTraced = specification.traceLevel != .none
        closure = specification.hasClosure ? specification.closure : nil
    }

    func newJob(tenant: String, submitted: Int64) -> NewJob {
        NewJob(
            tenant: tenant, idempotencyKey: idempotencyKey, priority: priority, submitted: submitted,
            notBefore: notBefore, deadline: expires, label: label, body: bytes,
            closure: closure.map { $0.run.isEmpty ? .own : .shared($0.run) }, key: key,
            cache: scheduling?.cacheKey.map { OutcomeCache(key: $0, time: submitted, mark: Self.cachedMark) })
    }
    /// The encoding of `JobResult.cached`. Appended to an encoded result, it sets the field.
    private static let cachedMark = Data(WireJobResult.with { $0.cached = true }.encoded())
}

extension WireLimits {
    /// These limits, with the defaults in place of each 0.
    func filled(from defaults: WireLimits) -> WireLimits {
        .with {
            $0.fuel = fuel == 0 ? defaults.fuel : fuel
            $0.memoryBytes = memoryBytes == 0 ? defaults.memoryBytes : memoryBytes
            $0.depth = depth == 0 ? defaults.depth : depth
            $0.timeoutMs = timeoutMs == 0 ? defaults.timeoutMs : timeoutMs
            $0.resultBytes = resultBytes == 0 ? defaults.resultBytes : resultBytes
            $0.traceBytes = traceBytes == 0 ? defaults.traceBytes : traceBytes
            $0.closureBytes = closureBytes == 0 ? defaults.closureBytes : closureBytes
        }
    }
}
