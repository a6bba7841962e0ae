import FirnKeys
import FirnProtocol
import Logging
import Synchronization
import ZeroMQ

/// Authorises connections, and maps a message's user id to an identity. libzmq's authentication thread and the service
/// use it concurrently.
final class PeerAuthorizer: Sendable {
    private struct State {
        var ring: KeyRing
        var known: [String: Identity] = [:]
    }

    private let state: Mutex<State>
    /// The tenant of every client connection in plain mode; nil in CURVE mode.
    private let plainTenant: Tenant?
    private let directory: KeyDirectory?
    private let logger: Logger
    /// Refused connections since the start, by kind, and the last one of each.
    private let refusals = Mutex<[String: Refusals]>([:])

    struct Refusals: Sendable {
        var count = 0
        var lastAddress = ""
        var lastReason = ""
    }

    init(_ access: CoordinatorConfiguration.Access, logger: Logger) throws {
        self.logger = logger
        switch access {
        case .curve(let path):
            let directory = KeyDirectory(path: path)
            self.directory = directory
            plainTenant = nil
            state = Mutex(State(ring: try directory.keyRing()))
        case .plain(let tenant):
            directory = nil
            plainTenant = Tenant(tenant)
            state = Mutex(State(ring: KeyRing()))
        }
    }

    var isPlain: Bool { directory == nil }

    /// The security option of the coordinator's sockets.
    func security() throws -> SocketOptions.Security {
        guard let directory else { return .plain }
        let certificate = try directory.coordinator()
        guard let secret = certificate.secretKey.flatMap(CurveSecretKey.init(z85:)) else {
            throw CoordinatorError.configuration(
                "\(directory.path): the coordinator's secret key is not Z85 of 32 bytes")
        }
        return .curveServer(secretKey: secret)
    }

    /// Decides on a connection, as the handler of ZAP requests.
    func authorize(_ request: AuthenticationRequest) -> AuthenticationDecision {
        guard case .curve(let key) = request.mechanism else {
            return refuse(request, "connection-without-key", "it offers no key")
        }
        let decision = state.withLock { $0.ring.authorize(publicKey: key.z85, domain: request.domain) }
        switch decision {
        case .success(let identity): return .accept(userID: identity.userID)
        case .failure(let refusal):
            return refuse(
                request, refusal.isUnknownKey ? "connection-with-unknown-key" : "connection-with-wrong-role",
                refusal.reason)
        }
    }

    /// Refusals are counted, and logged together once in a while, because whoever is refused may try again at once.
    private func refuse(
        _ request: AuthenticationRequest, _ kind: String, _ reason: String
    ) -> AuthenticationDecision {
        refusals.withLock {
            $0[kind, default: Refusals()].count += 1
            $0[kind]?.lastAddress = request.address
            $0[kind]?.lastReason = reason
        }
        logger.debug("refused a connection", metadata: ["address": "\(request.address)", "reason": "\(reason)"])
        return .refuse(reason: reason)
    }

    /// A message came by a connection whose key is not admitted any more.
    func countUnadmitted() { refusals.withLock { $0["message-of-a-revoked-key", default: Refusals()].count += 1 } }

    var refusalCounts: [String: Refusals] { refusals.withLock { $0 } }

    /// The names of the authorised keys of each tenant's clients, sorted.
    var tenantKeys: [String: [String]] {
        var keys: [String: [String]] = [:]
        for owner in owners {
            guard let tenant = owner.tenant else { continue }
            keys[tenant.name, default: []].append(owner.keyName)
        }
        return keys.mapValues { $0.sorted() }
    }

    /// The owners of all authorised keys.
    var owners: Set<Identity> { state.withLock { $0.ring.owners } }

    /// The sender of a message; nil if it is unknown or no longer admitted.
    func identity(userID: String?, at endpoint: Endpoint) -> Identity? {
        if let plainTenant {
            let tenant = endpoint.role == .client ? plainTenant : nil
            return Identity(role: endpoint.role, tenant: tenant, keyName: "plain")
        }
        guard let userID else { return nil }
        return state.withLock { state in
            if let known = state.known[userID] { return known }
            guard let identity = Identity(userID: userID), state.ring.admits(identity) else { return nil }
            state.known[userID] = identity
            return identity
        }
    }

    /// Reads the key directory again. This waits for the disk.
    ///
    /// - Returns: the owners that have no authorised key any more.
    @discardableResult
    func reload() -> Set<Identity> {
        guard let directory else { return [] }
        let (ring, faults) = directory.readableKeys()
        for fault in faults { logger.error("a key file admits nobody", metadata: ["reason": "\(fault)"]) }
        return state.withLock { state in
            let revoked = state.ring.owners.subtracting(ring.owners)
            state = State(ring: ring)
            return revoked
        }
    }

    /// Authorises or revokes a key. When this returns, the change is on disk and decides about new connections and
    /// messages.
    ///
    /// - Returns: why it could not be made; nil if it was.
    func change(_ change: KeyChange) -> ProtocolError? {
        guard let directory else {
            return ProtocolError(.notPermitted, "the coordinator serves this machine without keys (plainTenant)")
        }
        do throws(KeyError) {
            switch change {
            case .add(let certificate): try directory.authorize(certificate)
            case .revoke(let owner): try directory.revoke(owner)
            }
        } catch {
            return ProtocolError(.notPermitted, error.description)
        }
        reload()
        return nil
    }
}
