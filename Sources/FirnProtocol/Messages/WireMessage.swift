import SwiftProtobuf

/// The messages of one direction of one endpoint.
public protocol WireMessage: Sendable {
    var kind: MessageKind { get }
    /// The message's body.
    var body: any SwiftProtobuf.Message & Sendable { get }
    /// Decodes a body.
    ///
    /// - Returns: nil if the kind does not belong to this direction.
    /// - Throws: an error of SwiftProtobuf if the body is malformed.
    static func decode(_ kind: MessageKind, _ body: [UInt8]) throws -> Self?
    /// The message which reports that a message could not be read or obeyed.
    static func error(_ error: WireError) -> Self
}

/// A message with the correlation id that connects a reply with its request.
public struct Envelope<Content: WireMessage>: Sendable {
    /// The id that the sender of a request chooses. It is not 0 if a reply is expected, and the reply bears the same
    /// id.
    public var correlation: UInt64
    public var content: Content

    public init(_ content: Content, correlation: UInt64 = 0) {
        self.content = content
        self.correlation = correlation
    }

    /// The header and the body, without a routing id.
    public func frames() -> [[UInt8]] {
        [Header(kind: content.kind, correlation: correlation).bytes, content.body.encoded()]
    }

    /// Reads a received message. Whatever the bytes are, this returns a message or throws.
    ///
    /// - Parameter frames: the frames without a routing id, so `Message.frames.dropFirst()` on a ROUTER.
    /// - Throws: the fault, with the correlation id if it could be read.
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
    /// The encoded message. Encoding can fail only for required fields of proto2, which this protocol does not have,
    /// and above 2 GiB, which its messages never reach.
    public func encoded() -> [UInt8] {
        do { return try serializedBytes() } catch { return [] }
    }

    /// Reads a message that another one carries in encoded form (`Submit.jobs`, `TraceSegment.events`).
    public init(encoded bytes: some SwiftProtobufContiguousBytes) throws(ProtocolError) {
        do {
            try self.init(serializedBytes: bytes)
        } catch {
            throw ProtocolError(.malformedBody, "an encoded \(Self.protoMessageName) cannot be read: \(error)")
        }
    }
}
