import FirnProtocol
import Foundation
import NixStore

extension WireJobSpecification {
    /// The key of the job among all jobs of its tenant: SHA-256 of the specification, with the limits that apply and
    /// without what does not affect the outcome.
    ///
    /// - Parameter limits: the limits of the job, completed by the tenant's defaults.
    func outcomeKey(limits: WireLimits) -> Data {
        var job = self
        job.limits = limits
        job.priority = 0
        job.idempotencyKey = Data()
        job.notBeforeUnixMs = 0
        job.expiresUnixMs = 0
        job.label = ""
        job.key = ""
        job.keyRunning = 0
        job.clearSupersedes()
        job.roots.sort { $0.name < $1.name }
        return Data(Hash(of: job.encoded(), .sha256).bytes)
    }
}

extension WireOutcomeKind {
    /// Whether an equal job would end in the same way on any worker at any time.
    var isRepeatable: Bool {
        switch self {
        case .ok, .evalError, .fuelExhausted, .memoryExceeded, .depthExceeded, .rejected, .resultTooLarge: true
        case .unspecified, .deadlineExceeded, .cancelled, .quarantined, .unavailable, .internalError, .UNRECOGNIZED:
            false
        }
    }
}
