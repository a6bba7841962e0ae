import ZeroMQ

/// The endpoint and the key of a client's connection.
public struct ClientConfiguration: Sendable {
    /// The coordinator's endpoint, such as `tcp://farm.example:7701`. An operator's key needs the operators' endpoint.
    public var endpoint: String
    public var security: SocketOptions.Security
    /// The name and version of the software, as told to the coordinator.
    public var software = "firn"
    /// How long requests wait without a connection before they fail with the reason. A higher value bridges a restart
    /// of the coordinator.
    public var unreachableAfter = Duration.seconds(4)
    public var ipv6 = false

    var hasKey: Bool { if case .curveClient = security { true } else { false } }

    public init(endpoint: String, security: SocketOptions.Security = .plain) {
        self.endpoint = endpoint
        self.security = security
    }
}
