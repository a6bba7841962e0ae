import FirnProtocol

/// The bytes of replies that clients have not read: those held by the service and by libzmq, and those reserved for
/// reads of the store. This backpressure keeps a client that reads slowly, or never, from making them exceed the
/// bounds.
///
/// Each bound may be exceeded by one message, so that a message larger than the bound is sent at all. Every tenant also
/// has one message free of the bound for all clients, so a tenant that reads makes progress whatever the others leave
/// unread.
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
    /// Bytes that wait for connections that had sent no hello when the first of them was queued.
    private(set) var strangers = 0

    init(connectionBytes: Int, allBytes: Int) {
        self.connectionBytes = connectionBytes
        self.allBytes = allBytes
    }

    /// Bytes that wait for the connection.
    func bytes(of peer: Peer) -> Int { accounts[peer]?.bytes ?? 0 }

    /// Bytes that wait for the connections of a tenant.
    func bytes(ofTenant tenant: String) -> Int { tenants[tenant] ?? 0 }

    /// Whether a reply of that many bytes fits all bounds.
    ///
    /// - Parameter owner: the client's tenant, or the operators together, with its bound in bytes; nil for a connection
    ///   that sent no hello.
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
        if tenant == nil { strangers += bytes }
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
        if account.tenant == nil { strangers -= bytes }
    }
}
