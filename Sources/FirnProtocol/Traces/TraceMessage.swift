import SwiftProtobuf

/// A message of a worker on the trace socket, which sends no replies.
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

    /// Decodes a body; nil if the kind does not belong to this direction.
    ///
    /// - Throws: an error of SwiftProtobuf if the body is malformed.
    public static func decode(_ kind: MessageKind, _ body: [UInt8]) throws -> TraceMessage? {
        switch kind {
        case .traceSegment: .segment(try WireTraceSegment(serializedBytes: body))
        case .error: .error(try WireError(serializedBytes: body))
        default: nil
        }
    }
}
