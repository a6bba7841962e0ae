/// A client's watch, named by the connection and the correlation id of the message that opened it.
struct WatchID: Hashable, Sendable {
    let peer: Peer
    let correlation: UInt64
}
