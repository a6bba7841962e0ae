/// A message of one or more frames, copied out of libzmq, so that it can be kept and sent on freely.
public struct Message: Sendable, Hashable {
    /// On a ROUTER, the first is the peer's routing id.
    public var frames: [[UInt8]]
    /// Who the peer is, as the authenticator said (ZAP's `User-Id`). Nil where nobody was asked: without CURVE.
    public var userID: String?
    /// The peer's network address, where the transport has one.
    public var peerAddress: String?
    /// There were more frames than the receiver allows; they were thrown away.
    public var isTruncated: Bool

    public init(frames: [[UInt8]], userID: String? = nil, peerAddress: String? = nil, isTruncated: Bool = false) {
        self.frames = frames
        self.userID = userID
        self.peerAddress = peerAddress
        self.isTruncated = isTruncated
    }
}

/// What became of a message that was to be sent. Nothing ever waits.
public enum SendOutcome: Sendable, Hashable {
    case sent
    /// The peer's queue is full, or there is no peer yet: keep the message and try again when the socket is writable.
    case full
    /// A ROUTER has no such peer (any more).
    case noRoute
}
