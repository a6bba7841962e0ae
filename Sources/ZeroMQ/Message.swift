/// A message of one or more frames. The bytes are copies, so a message does not depend on libzmq.
public struct Message: Sendable, Hashable {
    /// The frames. On a ROUTER socket, the first is the peer's routing id.
    public var frames: [[UInt8]]
    /// The peer's user id, as the authenticator assigned it (ZAP's `User-Id`); nil without CURVE.
    public var userID: String?
    /// The peer's network address; nil if the transport has none.
    public var peerAddress: String?
    /// The descriptor of the connection by which the message came; nil if libzmq does not tell. It may have been closed
    /// since. `PeerConnection` is made from it.
    public var descriptor: Int32?
    /// Whether the message had more frames than the receiver allows. The excess was discarded.
    public var isTruncated: Bool

    public init(frames: [[UInt8]], userID: String? = nil, peerAddress: String? = nil, isTruncated: Bool = false) {
        self.frames = frames
        self.userID = userID
        self.peerAddress = peerAddress
        self.isTruncated = isTruncated
    }
}

/// The outcome of sending a message, which never blocks.
public enum SendOutcome: Sendable, Hashable {
    case sent
    /// The peer's queue is full or there is no peer yet. The message should be kept and sent when the socket is
    /// writable.
    case full
    /// A ROUTER socket has no such peer, or no longer.
    case noRoute
}
