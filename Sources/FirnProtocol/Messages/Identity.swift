/// Who a connection belongs to, as its key says. It travels inside the coordinator's process only: the authenticator
/// gives libzmq the user id, and each received message bears it.
public struct Identity: Sendable, Hashable, CustomStringConvertible {
    public let role: Role
    /// Set exactly for clients.
    public let tenant: Tenant?
    /// The name of the key, for logs and lists.
    public let keyName: String

    /// - Returns: nil when a client has no tenant, another role has one, or the key's name breaks the rule of
    ///   `Tenant.init`.
    public init?(role: Role, tenant: Tenant?, keyName: String) {
        guard (role == .client) == (tenant != nil), Tenant.isName(keyName) else { return nil }
        self.role = role
        self.tenant = tenant
        self.keyName = keyName
    }

    /// `client/TENANT/KEY`, `worker/KEY` or `operator/KEY`.
    public var userID: String {
        guard let tenant else { return "\(role.rawValue)/\(keyName)" }
        return "\(role.rawValue)/\(tenant.name)/\(keyName)"
    }

    /// - Returns: nil unless the text is what `userID` gives.
    public init?(userID: String) {
        let parts = userID.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let role = parts.first.flatMap(Role.init(rawValue:)), let keyName = parts.last,
            parts.count == (role == .client ? 3 : 2)
        else { return nil }
        let tenant = role == .client ? Tenant(parts[1]) : nil
        self.init(role: role, tenant: tenant, keyName: keyName)
    }

    public var description: String { userID }
}
