import FirnProtocol

/// The authorised keys with their owners. A reload of the key directory makes a new value.
public struct KeyRing: Sendable {
    private var identities: [String: Identity] = [:]

    public init() {}

    /// Adds a peer's certificate.
    ///
    /// - Throws: `KeyError.malformed` if the key was added before or belongs to no peer.
    public mutating func add(_ certificate: KeyCertificate) throws(KeyError) {
        guard case .peer(let identity) = certificate.owner else {
            throw .malformed("the coordinator's own key is not one to admit")
        }
        if let other = identities[certificate.publicKey] {
            throw .malformed("\(identity) has the same public key as \(other)")
        }
        identities[certificate.publicKey] = identity
    }

    public var count: Int { identities.count }

    /// Whether a key of the identity is authorised.
    public func admits(_ identity: Identity) -> Bool { identities.values.contains(identity) }

    /// The owners of the keys.
    public var owners: Set<Identity> { Set(identities.values) }

    /// Decides whether a key may connect to the endpoint with a ZAP domain.
    ///
    /// - Returns: the owner of the key, or the reason for a refusal, for the log.
    public func authorize(publicKey: String, domain: String) -> Result<Identity, Refusal> {
        guard let endpoint = Endpoint(authenticationDomain: domain) else {
            return .failure(Refusal(reason: "no endpoint has the domain \"\(domain)\""))
        }
        guard let identity = identities[publicKey] else {
            return .failure(Refusal(reason: "the key \(publicKey) is not authorised", isUnknownKey: true))
        }
        guard identity.role == endpoint.role else {
            return .failure(
                Refusal(
                    reason: "\(identity) may not connect to the \(endpoint.rawValue), which admit \(endpoint.role)s"))
        }
        return .success(identity)
    }

    /// Why a key is refused.
    public struct Refusal: Error, Sendable, Hashable {
        public let reason: String
        /// Whether nobody has the key.
        public var isUnknownKey = false
    }
}
