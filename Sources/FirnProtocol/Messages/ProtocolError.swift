/// A message that cannot be read or is not permitted. The peer is told by an `Error` message.
public struct ProtocolError: Error, Sendable, Hashable, CustomStringConvertible {
    public let code: WireErrorCode
    public let message: String
    /// The correlation id of the message at fault if it could be read, and otherwise 0.
    public let correlation: UInt64
    /// Milliseconds after which the same request may succeed; 0 if it cannot without a change.
    public let retryAfter: UInt64

    public init(_ code: WireErrorCode, _ message: String, correlation: UInt64 = 0, retryAfter: UInt64 = 0) {
        self.code = code
        self.message = message
        self.correlation = correlation
        self.retryAfter = retryAfter
    }

    static func malformedFrames(_ message: String, correlation: UInt64 = 0) -> ProtocolError {
        ProtocolError(.malformedFrames, message, correlation: correlation)
    }

    public var description: String { "\(code.name): \(message)" }

    /// The message for the peer.
    public var wire: WireError {
        .with {
            $0.code = code
            $0.message = message
            $0.retryAfterMs = retryAfter
            if code == .unsupportedVersion { $0.supportedVersions = ProtocolVersion.supported.map(UInt32.init) }
        }
    }
}

extension WireErrorCode {
    /// The name of the code in text, JSON and logs.
    public var name: String {
        switch self {
        case .unspecified: "unspecified"
        case .malformedFrames: "malformed-frames"
        case .unsupportedVersion: "unsupported-version"
        case .unknownKind: "unknown-kind"
        case .malformedBody: "malformed-body"
        case .helloRequired: "hello-required"
        case .notPermitted: "not-permitted"
        case .unknownJob: "unknown-job"
        case .queueFull: "queue-full"
        case .quotaExceeded: "quota-exceeded"
        case .batchTooLarge: "batch-too-large"
        case .jobTooLarge: "job-too-large"
        case .invalidJob: "invalid-job"
        case .idempotencyConflict: "idempotency-conflict"
        case .draining: "draining"
        case .storeUnavailable: "store-unavailable"
        case .staleAttempt: "stale-attempt"
        case .notFinished: "not-finished"
        case .notKept: "not-kept"
        case .unknownWorker: "unknown-worker"
        case .internal: "internal"
        case .UNRECOGNIZED(let number): "error-\(number)"
        }
    }
}
