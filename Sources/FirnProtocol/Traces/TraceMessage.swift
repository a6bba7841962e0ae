import SwiftProtobuf

/// What a worker sends on the trace socket, where nothing is answered.
public enum TraceMessage: WireMessage {
    case segment(WireTraceSegment)
    case error(WireError)

    public var kind: MessageKind {
        switch self {
        case .segment: .traceSegment
        case .error: .error
        }
    }

    public var body: any SwiftProtobuf.Message & Sendable {
        switch self {
        case .segment(let body): body
        case .error(let body): body
        }
    }

    /// Reads a body; nil for a kind that is none of these.
    ///
    /// - Throws: when the body is malformed.
    public static func decode(_ kind: MessageKind, _ body: [UInt8]) throws -> TraceMessage? {
        switch kind {
        case .traceSegment: .segment(try WireTraceSegment(serializedBytes: body))
        case .error: .error(try WireError(serializedBytes: body))
        default: nil
        }
    }
}
