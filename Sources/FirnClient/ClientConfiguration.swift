import ZeroMQ

/// Where a client connects, and as whom.
public struct ClientConfiguration: Sendable {
    /// Such as `tcp://farm.example:7701`; the operators' endpoint for an operator's key.
    public var endpoint: String
    public var security: SocketOptions.Security
    /// Named to the coordinator, for its logs.
    public var software = "firn"
    /// After this long without a connection, requests fail and say why. Raise it to sit out a coordinator's restart.
    public var unreachableAfterMilliseconds: UInt64 = 4_000
    public var ipv6 = false

    var hasKey: Bool { if case .curveClient = security { true } else { false } }

    public init(endpoint: String, security: SocketOptions.Security = .plain) {
        self.endpoint = endpoint
        self.security = security
    }
}
