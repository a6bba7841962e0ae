import FirnProtocol

/// Why a request of a client came to nothing.
public enum ClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No coordinator could be talked to: which endpoint, and why as far as it is known.
    case unreachable(endpoint: String, reason: String)
    /// The coordinator said no.
    case refused(code: WireErrorCode, message: String, retryAfterMilliseconds: UInt64)
    /// The request has so many bytes, more than a message may have (`ProtocolLimits.frameBytes`); it was not sent.
    case tooLarge(bytes: Int)
    /// The answer is not one to this question.
    case unexpectedReply
    /// `close()` was called.
    case closed

    public var description: String {
        switch self {
        case .unreachable(let endpoint, let reason): "\(endpoint): \(reason)"
        case .refused(let code, let message, 0): "\(code.name): \(message)"
        case .refused(let code, let message, let wait): "\(code.name): \(message) (try again in \(wait) ms)"
        case .tooLarge(let bytes):
            "the request has \(bytes) bytes; a message has at most \(ProtocolLimits.frameBytes)"
        case .unexpectedReply: "the coordinator's answer does not fit the request"
        case .closed: "the client is closed"
        }
    }

    init(_ error: WireError) {
        self = .refused(code: error.code, message: error.message, retryAfterMilliseconds: error.retryAfterMs)
    }
}
