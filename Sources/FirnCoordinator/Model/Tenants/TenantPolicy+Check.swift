import FirnProtocol

extension TenantPolicy {
    /// Checks whether the tenant may submit such a job.
    /// - Throws: the error for the job's receipt; it names the field.
    func check(_ specification: WireJobSpecification) throws(ProtocolError) {
        let limits = specification.limits
        let most = maximumLimits
        try Self.check("fuel", limits.fuel, most.fuel)
        try Self.check("memory_bytes", limits.memoryBytes, most.memoryBytes)
        try Self.check("depth", limits.depth, most.depth)
        try Self.check("timeout_ms", limits.timeoutMs, most.timeoutMs)
        try Self.check("result_bytes", limits.resultBytes, most.resultBytes)
        try Self.check("trace_bytes", limits.traceBytes, most.traceBytes)
        try Self.check("closure_bytes", limits.closureBytes, most.closureBytes)
        if specification.importFromDerivation, maximumBuilding == 0 {
            throw ProtocolError(.notPermitted, "import_from_derivation: nothing is built for this tenant")
        }
        guard let roots else { return }
        for root in specification.roots where !roots.contains(root.name) {
            throw ProtocolError(.notPermitted, "roots: this tenant may not read the root '\(root.name)'")
        }
    }

    private static func check(_ field: String, _ value: UInt64, _ most: UInt64) throws(ProtocolError) {
        guard value > most else { return }
        throw ProtocolError(.quotaExceeded, "limits.\(field): \(value) is above this tenant's maximum of \(most)")
    }
}
