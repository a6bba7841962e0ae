/// A connection that asks to be let in (RFC 27, ZAP).
public struct AuthenticationRequest: Sendable, Hashable {
    /// The domain of the endpoint (`SocketOptions.authenticationDomain`).
    public let domain: String
    /// The peer's network address.
    public let address: String
    public let mechanism: Mechanism

    /// How the peer says who it is.
    public enum Mechanism: Sendable, Hashable {
        /// No key was offered: the endpoint is plain but has a domain.
        case null
        case curve(CurvePublicKey)
    }
}

/// What becomes of a connection that asks.
public enum AuthenticationDecision: Sendable, Hashable {
    /// Let in; every message of the connection bears `userID` (at most 255 bytes).
    case accept(userID: String)
    /// Refused; the client's monitor reports status 400, and nothing else.
    case refuse(reason: String)
}
