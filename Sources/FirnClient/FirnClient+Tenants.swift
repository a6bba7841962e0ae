import FirnProtocol

/// Requests of operators about tenants and their keys.
extension FirnClient {
    /// What a tenant may use, or what all tenants may.
    ///
    /// - Parameter name: the tenant; empty for all.
    public func tenants(_ name: String = "") async throws -> [WireTenantInfo] {
        try await tenants(.listTenants(.with { $0.tenant = name }))
    }

    /// Changes what a tenant may use. The change holds until it is reset.
    ///
    /// - Parameters:
    ///   - name: the tenant.
    ///   - settings: the fields to change are set.
    ///   - reset: whether earlier changes are forgotten first.
    /// - Returns: what the tenant may use now.
    public func changeTenant(
        _ name: String, _ settings: WireTenantSettings, reset: Bool = false
    ) async throws -> WireTenantInfo {
        let change = WireChangeTenant.with {
            $0.tenant = name
            $0.settings = settings
            $0.reset = reset
        }
        guard let tenant = try await tenants(.changeTenant(change)).first else { throw ClientError.unexpectedReply }
        return tenant
    }

    private func tenants(_ request: ClientRequest) async throws -> [WireTenantInfo] {
        guard case .tenantList(let list) = try await ask(request) else { throw ClientError.unexpectedReply }
        return list.tenants
    }

    /// Authorises a public key, or revokes the keys of an owner and closes their connections.
    ///
    /// - Parameters:
    ///   - owner: `client/TENANT/NAME`, `worker/NAME` or `operator/NAME`.
    ///   - publicKey: 40 characters of Z85; nil to revoke.
    /// - Returns: the owners of the same tenant or role that have a key now, and how many connections were closed.
    public func changeKey(_ owner: String, publicKey: String?) async throws -> WireKeyList {
        let change = WireChangeKey.with {
            $0.owner = owner
            $0.publicKey = publicKey ?? ""
        }
        guard case .keyList(let list) = try await ask(.changeKey(change)) else { throw ClientError.unexpectedReply }
        return list
    }
}
