import FirnProtocol

/// The bytes of answers that clients have not taken yet: those that the service or libzmq holds, and those that reads of
/// the store under way may bring. A client that reads slowly, or never, cannot make them more than the bounds say.
///
/// Each bound may be passed by one message, so that a message larger than the bound goes out at all. Of that for all,
/// every tenant has one message free: whatever others do not read, a tenant that reads gets on.
struct AnswerBudget: Sendable {
    private struct Account: Sendable {
        let tenant: String?
        var bytes = 0
    }

    private let connectionBytes: Int
    private let allBytes: Int
    private var accounts: [Peer: Account] = [:]
    private var tenants: [String: Int] = [:]
    private(set) var total = 0

    init(connectionBytes: Int, allBytes: Int) {
        self.connectionBytes = connectionBytes
        self.allBytes = allBytes
    }

    /// What waits for the connection.
    func bytes(of peer: Peer) -> Int { accounts[peer]?.bytes ?? 0 }

    /// What waits for the connections of a tenant.
    func bytes(ofTenant tenant: String) -> Int { tenants[tenant] ?? 0 }

    /// - Parameter owner: the client's tenant, or the operators together, with their bound; nil for connections that said no
    ///   hello.
    func hasRoom(for bytes: Int, to peer: Peer, owner: (name: String, bound: Int)?) -> Bool {
        let own = self.bytes(of: peer)
        guard own == 0 || own + bytes <= connectionBytes else { return false }
        if let owner {
            let sum = self.bytes(ofTenant: owner.name)
            if sum == 0 { return true }
            guard sum + bytes <= owner.bound else { return false }
        }
        return total == 0 || total + bytes <= allBytes
    }

    mutating func add(_ bytes: Int, to peer: Peer, tenant: String?) {
        let tenant = accounts[peer, default: Account(tenant: tenant)].tenant
        accounts[peer, default: Account(tenant: tenant)].bytes += bytes
        if let tenant { tenants[tenant, default: 0] += bytes }
        total += bytes
    }

    mutating func remove(_ bytes: Int, of peer: Peer) {
        guard let account = accounts[peer] else { return }
        let bytes = min(bytes, account.bytes)
        accounts[peer]?.bytes -= bytes
        if account.bytes == bytes { accounts[peer] = nil }
        if let tenant = account.tenant {
            tenants[tenant, default: 0] -= bytes
            if tenants[tenant] == 0 { tenants[tenant] = nil }
        }
        total -= bytes
    }
}
