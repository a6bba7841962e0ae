/// What a socket is told before it is bound or connected. A nil leaves libzmq's default.
public struct SocketOptions: Sendable {
    /// ROUTER: a message to an unknown peer is reported (`SendOutcome.noRoute`) and not dropped in silence.
    public var routerMandatory = false
    /// Messages queued for a peer before a send reports `full`.
    public var sendHighWater: Int32 = 1000
    public var receiveHighWater: Int32 = 1000
    /// A peer that sends a larger frame is disconnected. -1: no bound.
    public var maxMessageBytes: Int64 = -1
    /// A peer must have finished its handshake within this.
    public var handshakeMilliseconds: Int32 = 5_000
    /// How long closing waits for unsent messages.
    public var lingerMilliseconds: Int32 = 0
    /// ZMTP heartbeats: a ping each interval, the connection given up when nothing comes for the timeout. 0: none.
    public var heartbeatMilliseconds: Int32 = 0
    public var heartbeatTimeoutMilliseconds: Int32 = 0
    public var connectTimeoutMilliseconds: Int32 = 0
    public var reconnectMilliseconds: Int32 = 100
    public var reconnectMaxMilliseconds: Int32 = 2_000
    /// Queue only for peers that are connected.
    public var immediate = false
    public var ipv6 = false
    public var tcpKeepalive: TCPKeepalive?
    public var backlog: Int32 = 1024
    /// The name under which the authenticator knows this endpoint.
    public var authenticationDomain: String?
    public var security: Security = .plain
    /// Report connections, disconnections and failed handshakes through `Socket.nextMonitorEvent()`.
    public var isMonitored = false
    /// Frames a received message may have; what is above is thrown away and `Message.isTruncated` says so.
    public var maxFrames = 16

    public init() {}

    /// Whether a connection is encrypted, and with which keys.
    public enum Security: Sendable {
        /// No encryption, no key, no authentication.
        case plain
        /// The side that binds: it judges clients through `Context.startAuthentication`.
        case curveServer(secretKey: CurveSecretKey)
        /// The side that connects: it knows the server's key and has a pair of its own.
        case curveClient(keyPair: CurveKeyPair, serverKey: CurvePublicKey)
    }

    /// When a silent TCP connection is taken for dead.
    public struct TCPKeepalive: Sendable {
        public var idleSeconds: Int32
        public var intervalSeconds: Int32
        public var probes: Int32

        public init(idleSeconds: Int32 = 30, intervalSeconds: Int32 = 5, probes: Int32 = 3) {
            self.idleSeconds = idleSeconds
            self.intervalSeconds = intervalSeconds
            self.probes = probes
        }
    }
}
