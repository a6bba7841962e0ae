import FirnProtocol

/// What tenants may use: the configuration, and the changes that operators have made since. A change holds until it is
/// reset, also when the configuration is read again.
public struct TenantRules: Sendable {
    /// The policy of a tenant without one of its own, and the tenants that have one.
    var defaultPolicy: TenantPolicy
    var configured: [String: TenantPolicy]
    private(set) var changes: [String: WireTenantSettings]

    init(_ settings: CoordinatorSettings, changes: WireTenantChanges = WireTenantChanges()) {
        defaultPolicy = settings.defaultPolicy
        configured = settings.tenants
        self.changes = changes.tenants
    }

    /// The tenants that the configuration or a change names.
    var names: Set<String> { Set(configured.keys).union(changes.keys) }

    func policy(of tenant: String) -> TenantPolicy {
        let policy = configured[tenant] ?? defaultPolicy
        return changes[tenant].map(policy.changed) ?? policy
    }

    /// The policies of all named tenants.
    var policies: [String: TenantPolicy] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, policy(of: $0)) })
    }

    mutating func apply(_ change: WireChangeTenant) {
        var own = change.reset ? WireTenantSettings() : changes[change.tenant] ?? WireTenantSettings()
        // Fields that are not set stay as they are.
        try? own.merge(serializedBytes: change.settings.encoded())
        changes[change.tenant] = change.reset && own == WireTenantSettings() ? nil : own
    }

    /// The changes as they are kept.
    var stored: WireTenantChanges { .with { $0.tenants = changes } }
}
