/// The owner of a connection, according to its key. An identity stays within the coordinator's process: the
/// authenticator gives it to libzmq as the user id, which each received message then bears.
public struct Identity: Sendable, Hashable, CustomStringConvertible {
    public let role: Role
    /// The client's tenant; nil for the other roles.
    public let tenant: Tenant?
    /// The name of the key, for logs and lists.
    public let keyName: String

    /// - Returns: nil if a client has no tenant, another role has one, or the key's name breaks the rule of
    ///   `Tenant.init`.
    public init?(role: Role, tenant: Tenant?, keyName: String) {
        guard (role == .client) == (tenant != nil), Tenant.isName(keyName) else { return nil }
        self.role = role
        self.tenant = tenant
        self.keyName = keyName
    }

    /// The identity as `client/TENANT/KEY`, `worker/KEY` or `operator/KEY`.
    public var userID: String {
        guard let tenant else { return "\(role.rawValue)/\(keyName)" }
        return "\(role.rawValue)/\(tenant.name)/\(keyName)"
    }

    /// Reads what `userID` gives; nil for any other text.
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
