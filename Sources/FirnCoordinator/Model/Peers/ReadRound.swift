import DequeModule

/// The connections with queued reads, in the order of their turns. A connection is in the round at most once.
struct ReadRound: Sendable {
    private var queue = Deque<Peer>()
    private var members: Set<Peer> = []
    /// Whether a connection may have room, or a read, that it lacked in the last pass.
    private var canAdvance = false

    var isEmpty: Bool { queue.isEmpty }

    /// Adds a connection that has a read, unless it is in the round already.
    mutating func join(_ peer: Peer) {
        guard !members.contains(peer) else { return }
        stay(peer)
        canAdvance = true
    }

    /// Adds a connection that could not be served, so that it is tried again in the next pass.
    mutating func stay(_ peer: Peer) {
        if members.insert(peer).inserted { queue.append(peer) }
    }

    /// Makes the next pass try all connections, because room was released.
    mutating func retry() { canAdvance = true }

    /// Begins a pass over the round.
    ///
    /// - Returns: the number of connections to try; 0 if none can be served that could not be served before.
    mutating func beginPass() -> Int {
        defer { canAdvance = false }
        return canAdvance ? queue.count : 0
    }

    /// Removes the connection whose turn it is; nil if the round is empty.
    mutating func next() -> Peer? {
        guard let peer = queue.popFirst() else { return nil }
        members.remove(peer)
        return peer
    }
}
