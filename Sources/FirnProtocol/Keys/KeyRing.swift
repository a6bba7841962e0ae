/// The keys that a coordinator admits: who each belongs to. A value, so a reload makes a new one.
public struct KeyRing: Sendable {
    private var identities: [String: Identity] = [:]

    public init() {}

    /// - Throws: when the key is there already, or is not a peer's.
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

    /// Whether some key belongs to it.
    public func admits(_ identity: Identity) -> Bool { identities.values.contains(identity) }

    /// Whether a key may connect at an endpoint, by its ZAP domain.
    ///
    /// - Returns: who it is, or why not, in words for the log.
    public func judge(publicKey: String, domain: String) -> Result<Identity, Refusal> {
        guard let endpoint = Endpoint(authenticationDomain: domain) else {
            return .failure(Refusal(reason: "no endpoint has the domain \"\(domain)\""))
        }
        guard let identity = identities[publicKey] else {
            return .failure(Refusal(reason: "the key \(publicKey) is not authorised"))
        }
        guard identity.role == endpoint.role else {
            return .failure(
                Refusal(
                    reason: "\(identity) may not connect to the \(endpoint.rawValue), which admit \(endpoint.role)s"))
        }
        return .success(identity)
    }

    /// Why a key is not admitted.
    public struct Refusal: Error, Sendable, Hashable {
        public let reason: String
    }
}
