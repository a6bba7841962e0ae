import FirnProtocol
import Platform

/// Why a request failed.
public enum ClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No coordinator answered at the endpoint, with the reason as far as it is known.
    case unreachable(endpoint: String, reason: String)
    /// The coordinator refused the request.
    case refused(code: WireErrorCode, message: String, retryAfter: Duration)
    /// The request was not sent, because its size exceeds `ProtocolLimits.frameBytes`.
    case tooLarge(bytes: Int)
    /// The reply does not fit the request.
    case unexpectedReply
    /// `close()` was called.
    case closed

    public var description: String {
        switch self {
        case .unreachable(let endpoint, let reason): "\(endpoint): \(reason)"
        case .refused(let code, let message, .zero): "\(code.name): \(message)"
        case .refused(let code, let message, let wait):
            "\(code.name): \(message) (try again in \(wait.milliseconds) ms)"
        case .tooLarge(let bytes):
            "the request has \(bytes) bytes; a message has at most \(ProtocolLimits.frameBytes)"
        case .unexpectedReply: "the coordinator's answer does not fit the request"
        case .closed: "the client is closed"
        }
    }

    init(_ error: WireError) {
        self = .refused(code: error.code, message: error.message, retryAfter: .milliseconds(error.retryAfterMs))
    }
}
