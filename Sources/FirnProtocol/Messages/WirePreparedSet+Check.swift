extension WirePreparedSet {
    /// Whether a tenant with this name may use the set, as far as the worker's operator decides it.
    public func admits(tenant: String) -> Bool { tenants.contains("*") || tenants.contains(tenant) }
}

extension Collection where Element == WirePreparedSet {
    /// The first violation of the protocol's bounds in what a worker announces; nil if there is none.
    public var fault: String? {
        guard count <= ProtocolLimits.preparedSets else {
            return "prepared_sets: there are \(count), more than \(ProtocolLimits.preparedSets)"
        }
        guard Set(map(\.name)).count == count else { return "prepared_sets: a name comes twice" }
        for set in self {
            let names = [set.name] + set.tenants
            guard !set.name.isEmpty, set.tenants.count <= ProtocolLimits.preparedTenants,
                (names + [set.root]).allSatisfy({ $0.utf8.count <= ProtocolLimits.nameBytes })
            else { return "prepared_sets: a name is empty or too long, or there are too many tenants" }
            guard [0, ProtocolLimits.preparedIdentityBytes].contains(set.identity.count),
                set.reason.utf8.count <= ProtocolLimits.preparedReasonBytes
            else { return "prepared_sets: an identity has not 32 bytes, or a reason has too many" }
            guard set.state != .ready || !set.identity.isEmpty else {
                return "prepared_sets: '\(set.name)' is ready and has no identity"
            }
        }
        return nil
    }
}
