import CZeroMQ
import Platform

extension SocketOptions {
    func apply(to socket: UnsafeMutableRawPointer, kind: Socket.Kind) throws(ZeroMQError) {
        func set(_ option: Int32, _ value: Int32, _ name: String) throws(ZeroMQError) {
            var value = value
            guard unsafe zmq_setsockopt(socket, option, &value, 4) == 0 else { throw .last("set \(name) to \(value)") }
        }
        func milliseconds(_ duration: Duration) -> Int32 { Int32(clamping: duration.milliseconds) }
        if kind == .router { try set(ZMQ_ROUTER_MANDATORY, routerMandatory ? 1 : 0, "router mandatory") }
        try set(ZMQ_SNDHWM, sendHighWater, "send high-water mark")
        try set(ZMQ_RCVHWM, receiveHighWater, "receive high-water mark")
        try set(ZMQ_HANDSHAKE_IVL, milliseconds(handshakeTimeout), "handshake interval")
        try set(ZMQ_LINGER, milliseconds(linger), "linger")
        try set(ZMQ_HEARTBEAT_IVL, milliseconds(heartbeatInterval), "heartbeat interval")
        if heartbeatTimeout > .zero {
            try set(ZMQ_HEARTBEAT_TIMEOUT, milliseconds(heartbeatTimeout), "heartbeat timeout")
        }
        try set(ZMQ_CONNECT_TIMEOUT, milliseconds(connectTimeout), "connect timeout")
        try set(ZMQ_RECONNECT_IVL, milliseconds(reconnectInterval), "reconnect interval")
        try set(ZMQ_RECONNECT_IVL_MAX, milliseconds(longestReconnectInterval), "longest reconnect interval")
        try set(ZMQ_IMMEDIATE, immediate ? 1 : 0, "immediate")
        try set(ZMQ_IPV6, ipv6 ? 1 : 0, "IPv6")
        try set(ZMQ_BACKLOG, backlog, "backlog")
        if let tcpKeepalive {
            try set(ZMQ_TCP_KEEPALIVE, 1, "TCP keepalive")
            try set(
                ZMQ_TCP_KEEPALIVE_IDLE, Int32(clamping: tcpKeepalive.idle.components.seconds), "TCP keepalive idle time"
            )
            try set(
                ZMQ_TCP_KEEPALIVE_INTVL, Int32(clamping: tcpKeepalive.interval.components.seconds),
                "TCP keepalive interval")
            try set(ZMQ_TCP_KEEPALIVE_CNT, tcpKeepalive.probes, "TCP keepalive probes")
        }
        var bytes = maxMessageBytes
        guard unsafe zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes, 8) == 0 else {
            throw .last("set maximum message size to \(bytes)")
        }
        try unsafe applySecurity(to: socket)
    }

    private func milliseconds(_ duration: Duration) -> Int32 { Int32(clamping: duration.milliseconds) }

    private func applySecurity(to socket: UnsafeMutableRawPointer) throws(ZeroMQError) {
        func set(_ option: Int32, _ text: String, _ name: String) throws(ZeroMQError) {
            guard unsafe zmq_setsockopt(socket, option, text, text.utf8.count) == 0 else { throw .last("set \(name)") }
        }
        if let authenticationDomain { try set(ZMQ_ZAP_DOMAIN, authenticationDomain, "authentication domain") }
        switch security {
        case .plain: return
        case .curveServer(let secretKey):
            var one: Int32 = 1
            guard unsafe zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, 4) == 0 else { throw .last("set CURVE server") }
            try set(ZMQ_CURVE_SECRETKEY, secretKey.z85, "CURVE secret key")
        case .curveClient(let keyPair, let serverKey):
            try set(ZMQ_CURVE_SERVERKEY, serverKey.z85, "CURVE server key")
            try set(ZMQ_CURVE_PUBLICKEY, keyPair.publicKey.z85, "CURVE public key")
            try set(ZMQ_CURVE_SECRETKEY, keyPair.secretKey.z85, "CURVE secret key")
        }
    }
}
