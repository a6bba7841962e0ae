import FirnProtocol
import Foundation
import JobStore

/// What the coordinator needs to know of a specification. The specification itself stays the bytes that came.
struct Admission: Sendable {
    let bytes: Data
    let idempotencyKey: Data?
    let priority: Int32
    let notBefore: Int64
    /// Wall time; 0 when the job names none.
    let expires: Int64
    let label: String
    /// The job's, with the tenant's defaults filled in.
    let limits: WireLimits
    let requirement: Requirement
    let isTraced: Bool

    /// Reads and judges a specification.
    /// - Throws: the error for the job's receipt.
    init(bytes: Data, policy: TenantPolicy, settings: CoordinatorSettings) throws(ProtocolError) {
        guard bytes.count <= settings.jobBytes else {
            throw ProtocolError(
                .jobTooLarge,
                "the job has \(bytes.count) bytes and at most \(settings.jobBytes) are taken: put its files under a root")
        }
        let specification: WireJobSpecification
        do {
            specification = try WireJobSpecification(serializedBytes: bytes)
        } catch {
            throw ProtocolError(.malformedBody, "the job's specification cannot be read: \(error)")
        }
        try specification.check(policy: policy)
        self.bytes = bytes
        idempotencyKey = specification.idempotencyKey.isEmpty ? nil : specification.idempotencyKey
        priority = specification.priority
        notBefore = max(0, specification.notBeforeUnixMs)
        expires = max(0, specification.expiresUnixMs)
        label = specification.label
        limits = specification.limits.filled(from: policy.defaultLimits)
        requirement = Requirement(specification)
        isTraced = specification.traceLevel != .none
    }

    func newJob(tenant: String, submitted: Int64) -> NewJob {
        NewJob(
            tenant: tenant, idempotencyKey: idempotencyKey, priority: priority, submitted: submitted,
            notBefore: notBefore, deadline: expires, label: label, body: bytes)
    }
}

extension WireLimits {
    /// Where this says nothing (0), the default.
    func filled(from defaults: WireLimits) -> WireLimits {
        .with {
            $0.fuel = fuel == 0 ? defaults.fuel : fuel
            $0.memoryBytes = memoryBytes == 0 ? defaults.memoryBytes : memoryBytes
            $0.depth = depth == 0 ? defaults.depth : depth
            $0.timeoutMs = timeoutMs == 0 ? defaults.timeoutMs : timeoutMs
            $0.resultBytes = resultBytes == 0 ? defaults.resultBytes : resultBytes
            $0.traceBytes = traceBytes == 0 ? defaults.traceBytes : traceBytes
        }
    }
}
