import FirnProtocol
import JobStore

extension WireWorkerHello {
    /// The first violation of the protocol's bounds; nil if there is none.
    var fault: String? {
        guard (1...ProtocolLimits.nameBytes).contains(name.utf8.count) else {
            return "name: it has \(name.utf8.count) bytes, not 1 to \(ProtocolLimits.nameBytes)"
        }
        guard (1...64).contains(instance.count) else {
            return "instance: it has \(instance.count) bytes, not 1 to 64"
        }
        guard roots.count <= 1_000, evaluatorVersions.count <= 64 else {
            return "it announces more than 1,000 roots or 64 evaluator versions"
        }
        let names = [software, host] + evaluatorVersions + roots.map(\.name)
        guard names.allSatisfy({ $0.utf8.count <= ProtocolLimits.nameBytes }) else {
            return
                "software, host, an evaluator version or a root's name has more than \(ProtocolLimits.nameBytes) bytes"
        }
        if let fault = preparedSets.fault { return fault }
        guard predecessor.instance.count <= 64, predecessor.cause.utf8.count <= 1_000 else {
            return "predecessor: the instance has more than 64 bytes, or the cause more than 1,000"
        }
        let areSandboxPartsBounded = sandbox.allSatisfy {
            $0.name.utf8.count <= ProtocolLimits.sandboxNameBytes
                && $0.detail.utf8.count <= ProtocolLimits.sandboxDetailBytes
        }
        guard sandbox.count <= ProtocolLimits.sandboxParts, areSandboxPartsBounded else {
            return
                "sandbox: it has more than \(ProtocolLimits.sandboxParts) parts, or one whose name or detail is too long"
        }
        guard roots.allSatisfy({ $0.contentID.count <= ProtocolLimits.contentIDBytes }) else {
            return "roots.content_id: one has more than \(ProtocolLimits.contentIDBytes) bytes"
        }
        return nil
    }
}

extension WirePredecessor {
    /// Whether the process was evaluating this attempt when it ended.
    func isBlamed(_ id: JobID, attempt: UInt32) -> Bool {
        hasEvaluating && evaluating.job == UInt64(clamping: id.rawValue) && evaluating.attempt == attempt
    }
}
