import FirnKeys
import FirnProtocol
import JobStore

/// What operators ask about tenants and keys, and change while the coordinator runs.
///
/// A change is on disk before it is in effect, and in effect before it is answered. Changes are made one after another.
extension CoordinatorStateMachine {
    /// A change of a tenant or a key that is not on disk yet.
    public enum Change: Sendable {
        case tenant(WireChangeTenant)
        case key(KeyChange)
    }

    /// A change and who asked for it.
    struct PendingChange: Sendable {
        let peer: Peer
        let correlation: UInt64
        let change: Change
    }

    mutating func listTenants(
        _ list: WireListTenants, for peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) {
        guard session.tenant == nil else { return refuseTenants(peer, correlation, "list") }
        guard list.tenant.isEmpty || Tenant(list.tenant) != nil else {
            return refuse(peer, correlation, .malformedBody, "tenant: '\(list.tenant)' is not a tenant's name")
        }
        actions.append(.listTenants(list.tenant, peer, correlation: correlation))
    }

    private mutating func refuseTenants(_ peer: Peer, _ correlation: UInt64, _ verb: String) {
        refuse(peer, correlation, .notPermitted, "only an operator's key may \(verb) tenants and their keys")
    }

    mutating func changeTenant(
        _ change: WireChangeTenant, from peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) {
        guard session.tenant == nil else { return refuseTenants(peer, correlation, "change") }
        guard Tenant(change.tenant) != nil else {
            return refuse(peer, correlation, .malformedBody, "tenant: '\(change.tenant)' is not a tenant's name")
        }
        if let fault = change.settings.fault { return refuse(peer, correlation, .malformedBody, "settings.\(fault)") }
        begin(PendingChange(peer: peer, correlation: correlation, change: .tenant(change)))
    }

    mutating func changeKey(
        _ change: WireChangeKey, from peer: Peer, _ session: ClientSession, _ correlation: UInt64
    ) {
        guard session.tenant == nil else { return refuseTenants(peer, correlation, "change") }
        do throws(KeyError) {
            let key = try KeyChange(change)
            if case .revoke(session.identity) = key {
                return refuse(
                    peer, correlation, .notPermitted, "owner: this is the key that asks; revoke it with another one")
            }
            begin(PendingChange(peer: peer, correlation: correlation, change: .key(key)))
        } catch {
            refuse(peer, correlation, .malformedBody, error.description)
        }
    }

    private mutating func begin(_ change: PendingChange) {
        guard changes.count < Self.maximumChanges else {
            return refuseForNow(
                change.peer, change.correlation, .quotaExceeded, "\(changes.count) changes wait already",
                retryAfter: 1_000)
        }
        changes.append(change)
        if changes.count == 1 { issueChange() }
    }

    private mutating func issueChange() {
        guard let next = changes.first else { return }
        switch next.change {
        case .tenant(let change):
            var rules = rules
            rules.apply(change)
            actions.append(.saveTenants(rules.stored))
        case .key(let change): actions.append(.changeKey(change))
        }
    }

    /// The change that was issued is on disk, or could not be made.
    ///
    /// - Parameter fault: why it could not be made; nil if it was.
    mutating func changed(fault: ProtocolError?) {
        guard let done = changes.popFirst() else { return }
        defer { issueChange() }
        if let fault { return reply(done.peer, done.correlation, .error(fault.wire)) }
        switch done.change {
        case .tenant(let change):
            rules.apply(change)
            applyRules()
            // The tenant exists from now on, so that lists show it.
            _ = tenant(change.tenant)
            actions.append(.listTenants(change.tenant, done.peer, correlation: done.correlation))
        case .key(let change):
            var closed = 0
            if case .revoke(let identity) = change { closed = closeConnections(of: [identity]) }
            actions.append(.listKeys(change.owner, done.peer, correlation: done.correlation, closed: closed))
        }
    }

    /// The configuration was read again.
    mutating func reconfigured(_ settings: CoordinatorSettings) {
        self.settings.retention = settings.retention
        rules.defaultPolicy = settings.defaultPolicy
        rules.configured = settings.tenants
        applyRules()
    }

    /// Puts the rules in force. Jobs that were accepted keep the limits that they have.
    private mutating func applyRules() {
        settings.defaultPolicy = rules.defaultPolicy
        settings.tenants = rules.policies
        for index in tenants.indices { tenants[index].setPolicy(settings.policy(of: tenants[index].name)) }
    }

    /// Ends the sessions of identities whose keys were revoked, and has their connections closed. What their workers hold
    /// is queued again without blame.
    ///
    /// - Returns: the number of connections.
    mutating func closeConnections(of revoked: Set<Identity>) -> Int {
        let peers =
            clients.filter { revoked.contains($0.value.identity) }.map(\.key)
            + workers.filter { revoked.contains($0.value.identity) }.map(\.key)
        for peer in peers {
            if peer.endpoint == .workers { removeGracefully(peer) } else { forgetClient(peer) }
            actions.append(.disconnect(peer))
        }
        return peers.count
    }

    /// The answer to a list of tenants.
    ///
    /// - Parameters:
    ///   - name: the tenant to list; empty for all.
    ///   - keys: the names of the authorised keys of each tenant.
    func tenantList(_ name: String, keys: [String: [String]]) -> WireTenantList {
        let known = rules.names.union(tenants.map(\.name)).union(keys.keys)
        let names = name.isEmpty ? known.sorted() : known.filter { $0 == name }
        return .with {
            $0.tenants = names.map { name in
                .with {
                    $0.name = name
                    $0.settings = settings.policy(of: name).wire
                    if let changes = rules.changes[name] { $0.changes = changes }
                    $0.keys = keys[name] ?? []
                    $0.connections = UInt64(clamping: clientLoads[name]?.connections ?? 0)
                }
            }
        }
    }

    /// Changes that may wait for the disk.
    private static let maximumChanges = 1_000
}
