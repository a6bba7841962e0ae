import FirnProtocol

/// A connection, named by the socket at which it arrived and the routing id that the socket gave it.
public struct Peer: Sendable, Hashable {
    public let endpoint: Endpoint
    public let routingID: [UInt8]

    public init(endpoint: Endpoint, routingID: [UInt8]) {
        self.endpoint = endpoint
        self.routingID = routingID
    }
}
