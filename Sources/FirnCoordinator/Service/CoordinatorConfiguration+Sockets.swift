import FirnProtocol
import ZeroMQ

extension CoordinatorConfiguration {
    func options(for endpoint: Endpoint, _ security: SocketOptions.Security) -> SocketOptions {
        var options = SocketOptions()
        options.routerMandatory = true
        options.sendHighWater = highWaterMessages
        // Each message may be as large as a batch, and TCP slows down a client that sends faster than the coordinator
        // reads.
        let isForClients = endpoint == .clients || endpoint == .operators
        options.receiveHighWater = isForClients ? min(highWaterMessages, 8) : highWaterMessages
        options.maxMessageBytes = Int64(ProtocolLimits.frameBytes)
        options.handshakeTimeout = .seconds(5)
        // The linger time lets the last replies leave.
        options.linger = .milliseconds(500)
        options.ipv6 = ipv6
        options.tcpKeepalive = SocketOptions.TCPKeepalive()
        options.security = security
        if case .curveServer = security { options.authenticationDomain = endpoint.authenticationDomain }
        return options
    }
}
