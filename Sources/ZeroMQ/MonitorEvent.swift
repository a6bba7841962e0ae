import CZeroMQ

/// An event of a connection of a monitored socket.
public enum MonitorEvent: Sendable, Hashable {
    /// The transport is connected; the handshake follows.
    case connected
    /// The handshake succeeded, so messages can be sent.
    case handshakeSucceeded
    case handshakeFailed(HandshakeFailure)
    /// An established connection ended.
    case disconnected
    /// An attempt to connect failed. The next one follows after the interval.
    case connectRetried(after: Duration)
    case listening
    case accepted
    /// A bind failed with this `errno`.
    case bindFailed(code: Int32)
    case acceptFailed(code: Int32)
    case closed
    case monitorStopped
    /// An event that a later libzmq has added.
    case other(UInt16)

    /// Why a handshake failed.
    public enum HandshakeFailure: Sendable, Hashable, CustomStringConvertible {
        /// The authenticator refused the key: status 300 means a temporary failure, 400 a refusal, 500 an internal
        /// error.
        case refused(status: Int32)
        /// One side uses CURVE and the other does not.
        case mechanismMismatch
        /// The peer's message cannot be decrypted, because the server key is not the server's.
        case wrongServerKey
        /// Another violation of ZMTP, with libzmq's number.
        case protocolError(code: UInt32)
        /// The peer closed the connection during the handshake, with this `errno`.
        case hungUp(code: Int32)

        public var description: String {
            switch self {
            case .refused(300): "the other side cannot judge keys at the moment"
            case .refused(500): "the other side failed to judge the key"
            case .refused(let status): "the key is not authorised at this endpoint (status \(status))"
            case .mechanismMismatch: "one side uses CURVE and the other does not"
            case .wrongServerKey: "the server's public key is not the one that was given"
            case .protocolError(let code): "the other side does not keep to ZMTP (libzmq code \(code))"
            case .hungUp(let code) where code == EPIPE || code == ECONNRESET || code == 0:
                "the other side hung up during the handshake"
            case .hungUp(let code): unsafe "the handshake failed: \(String(cString: zmq_strerror(code)))"
            }
        }
    }

    init(code: UInt16, value: UInt32) {
        switch Int32(code) {
        case ZMQ_EVENT_CONNECTED: self = .connected
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .handshakeSucceeded
        case ZMQ_EVENT_DISCONNECTED: self = .disconnected
        case ZMQ_EVENT_CONNECT_RETRIED:
            self = .connectRetried(after: .milliseconds(value))
        case ZMQ_EVENT_LISTENING: self = .listening
        case ZMQ_EVENT_ACCEPTED: self = .accepted
        case ZMQ_EVENT_BIND_FAILED: self = .bindFailed(code: Int32(truncatingIfNeeded: value))
        case ZMQ_EVENT_ACCEPT_FAILED: self = .acceptFailed(code: Int32(truncatingIfNeeded: value))
        case ZMQ_EVENT_CLOSED: self = .closed
        case ZMQ_EVENT_MONITOR_STOPPED: self = .monitorStopped
        default: self = Self.handshakeFailure(code: code, value: value).map(Self.handshakeFailed) ?? .other(code)
        }
    }

    private static func handshakeFailure(code: UInt16, value: UInt32) -> HandshakeFailure? {
        switch Int32(code) {
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .hungUp(code: Int32(truncatingIfNeeded: value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .refused(status: Int32(truncatingIfNeeded: value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            switch Int32(truncatingIfNeeded: value) {
            case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: return .mechanismMismatch
            case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: return .wrongServerKey
            default: return .protocolError(code: value)
            }
        default: return nil
        }
    }
}

/// A monitor event and the endpoint that it concerns.
public struct MonitorReport: Sendable, Hashable {
    public let event: MonitorEvent
    public let endpoint: String
}
