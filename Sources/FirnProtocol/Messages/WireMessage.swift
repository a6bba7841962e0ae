import SwiftProtobuf

/// One direction of one endpoint: the messages that may come there, each with its kind.
public protocol WireMessage: Sendable {
    var kind: MessageKind { get }
    /// The protobuf message.
    var body: any SwiftProtobuf.Message & Sendable { get }
    /// - Returns: nil when the kind does not belong to this direction.
    static func decode(_ kind: MessageKind, _ body: [UInt8]) throws -> Self?
    /// To say that a message could not be read or done.
    static func error(_ error: WireError) -> Self
}

/// A message and the id that connects an answer to its question.
public struct Envelope<Content: WireMessage>: Sendable {
    /// Chosen by who asks, not 0 where an answer is expected; the answer bears the same.
    public var correlation: UInt64
    public var content: Content

    public init(_ content: Content, correlation: UInt64 = 0) {
        self.content = content
        self.correlation = correlation
    }

    /// Header and body, without a routing id.
    public func frames() -> [[UInt8]] {
        [Header(kind: content.kind, correlation: correlation).bytes, content.body.encoded()]
    }

    /// Reads what a peer sent. Whatever the bytes are, the outcome is a message or an error.
    ///
    /// - Parameter frames: without a routing id; `Message.frames.dropFirst()` on a ROUTER.
    public init(frames: some Collection<[UInt8]>) throws(ProtocolError) {
        guard let first = frames.first else { throw .malformedFrames("the message has no frames") }
        let header = try Header(first)
        guard ProtocolVersion.supported.contains(header.version) else {
            throw ProtocolError(
                .unsupportedVersion,
                "version \(header.version) of the protocol is not spoken here, but version \(ProtocolVersion.current)",
                correlation: header.correlation)
        }
        guard frames.count == ProtocolLimits.frames else {
            throw .malformedFrames(
                "the message has \(frames.count) frames and not \(ProtocolLimits.frames)",
                correlation: header.correlation)
        }
        correlation = header.correlation
        content = try Self.decode(header, frames[frames.index(after: frames.startIndex)])
    }

    private static func decode(_ header: Header, _ body: [UInt8]) throws(ProtocolError) -> Content {
        let unknown = ProtocolError(
            .unknownKind, "kind \(header.kind) is not known at this endpoint", correlation: header.correlation)
        guard let kind = MessageKind(rawValue: header.kind) else { throw unknown }
        let content: Content?
        do {
            content = try Content.decode(kind, body)
        } catch {
            throw ProtocolError(
                .malformedBody, "the body of a message of kind \(kind) cannot be read: \(error)",
                correlation: header.correlation)
        }
        guard let content else { throw unknown }
        return content
    }
}

extension SwiftProtobuf.Message {
    /// Encoding fails only for proto2's required fields, which this protocol has none of, and above 2 GiB, which no
    /// message of it comes near.
    public func encoded() -> [UInt8] {
        do { return try serializedBytes() } catch { return [] }
    }

    /// For the bytes of a message that another carries encoded (`Submit.jobs`, `TraceSegment.events`).
    public init(encoded bytes: some SwiftProtobufContiguousBytes) throws(ProtocolError) {
        do {
            try self.init(serializedBytes: bytes)
        } catch {
            throw ProtocolError(.malformedBody, "an encoded \(Self.protoMessageName) cannot be read: \(error)")
        }
    }
}
