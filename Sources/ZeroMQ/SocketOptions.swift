/// The options of a socket, which are set before it is bound or connected. Nil stands for libzmq's default.
public struct SocketOptions: Sendable {
    /// On a ROUTER socket, whether a message to an unknown peer is reported as `SendOutcome.noRoute` instead of being
    /// dropped silently.
    public var routerMandatory = false
    /// The number of messages queued for a peer above which a send reports `full`.
    public var sendHighWater: Int32 = 1000
    public var receiveHighWater: Int32 = 1000
    /// The largest frame. A peer that sends a larger one is disconnected. -1: no bound.
    public var maxMessageBytes: Int64 = -1
    /// The time within which a peer must finish its handshake.
    public var handshakeTimeout = Duration.seconds(5)
    /// How long closing waits for unsent messages.
    public var linger = Duration.zero
    /// ZMTP heartbeats: the interval between pings, and the silence after which the connection is given up. Zero: none.
    public var heartbeatInterval = Duration.zero
    public var heartbeatTimeout = Duration.zero
    /// The time within which a connection must be made. Zero: that of the system.
    public var connectTimeout = Duration.zero
    /// The time after which a lost connection is made again. It doubles with each attempt, up to the longest.
    public var reconnectInterval = Duration.milliseconds(100)
    public var longestReconnectInterval = Duration.seconds(2)
    /// Whether messages are queued only for connected peers.
    public var immediate = false
    public var ipv6 = false
    public var tcpKeepalive: TCPKeepalive?
    public var backlog: Int32 = 1024
    /// The name under which the authenticator knows this endpoint.
    public var authenticationDomain: String?
    public var security: Security = .plain
    /// Whether `Socket.nextMonitorEvent()` reports connections, disconnections and failed handshakes.
    public var isMonitored = false
    /// The most frames of a received message. Further ones are discarded, and `Message.isTruncated` is set.
    public var maxFrames = 16

    public init() {}

    /// Whether a connection is encrypted, and with which keys.
    public enum Security: Sendable {
        /// There is no encryption and no authentication.
        case plain
        /// The binding side, which authenticates clients through `Context.startAuthentication`.
        case curveServer(secretKey: CurveSecretKey)
        /// The connecting side, which knows the server's key and has a key pair of its own.
        case curveClient(keyPair: CurveKeyPair, serverKey: CurvePublicKey)
    }

    /// When a silent TCP connection counts as dead.
    public struct TCPKeepalive: Sendable {
        /// The silence before the first probe, and the time between probes, both in whole seconds.
        public var idle: Duration
        public var interval: Duration
        public var probes: Int32

        public init(idle: Duration = .seconds(30), interval: Duration = .seconds(5), probes: Int32 = 3) {
            self.idle = idle
            self.interval = interval
            self.probes = probes
        }
    }
}
