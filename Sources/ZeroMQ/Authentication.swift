/// A connection that asks to be authenticated (RFC 27, ZAP).
public struct AuthenticationRequest: Sendable, Hashable {
    /// The domain of the endpoint (`SocketOptions.authenticationDomain`).
    public let domain: String
    /// The peer's network address.
    public let address: String
    public let mechanism: Mechanism

    /// How the peer identifies itself.
    public enum Mechanism: Sendable, Hashable {
        /// The peer offered no key: the endpoint is plain but has a domain.
        case null
        case curve(CurvePublicKey)
    }
}

/// The answer to an authentication request.
public enum AuthenticationDecision: Sendable, Hashable {
    /// The connection is accepted. Every message of it bears `userID`, which has at most 255 bytes.
    case accept(userID: String)
    /// The connection is refused. The client's monitor reports status 400 but not the reason.
    case refuse(reason: String)
}
