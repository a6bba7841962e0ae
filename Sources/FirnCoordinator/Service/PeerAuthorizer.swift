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
            return refuse(request, "it offers no key")
        }
        let decision = state.withLock { $0.ring.authorize(publicKey: key.z85, domain: request.domain) }
        switch decision {
        case .success(let identity): return .accept(userID: identity.userID)
        case .failure(let refusal): return refuse(request, refusal.reason)
        }
    }

    private func refuse(_ request: AuthenticationRequest, _ reason: String) -> AuthenticationDecision {
        logger.warning("refused a connection", metadata: ["address": "\(request.address)", "reason": "\(reason)"])
        return .refuse(reason: reason)
    }

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
    func reload() {
        guard let directory else { return }
        let (ring, faults) = directory.readableKeys()
        for fault in faults { logger.error("a key file admits nobody", metadata: ["reason": "\(fault)"]) }
        state.withLock { $0 = State(ring: ring) }
    }
}
