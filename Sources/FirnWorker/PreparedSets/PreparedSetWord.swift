/// What a supervisor says of one prepared set, or a process of one that it wants, in one word of the memory that they
/// share. The word names the set's identity, because the two sides may have read the root at different times.
struct PreparedSetWord: Equatable, Sendable {
    enum State: UInt64 {
        /// Nothing is known of the set.
        case unknown
        case absent, building, ready, failed
        /// A process wants the set made.
        case wanted
    }

    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Parameter identity: the identity of the set, of which 61 bits are kept.
    init(_ state: State, _ identity: [UInt8]) {
        let head = identity.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        rawValue = head & ~Self.stateMask | state.rawValue
    }

    private static let stateMask: UInt64 = 7

    /// The state, if the word is about a set with this identity; otherwise `unknown`.
    func state(of identity: [UInt8]) -> State {
        guard let state = State(rawValue: rawValue & Self.stateMask), PreparedSetWord(state, identity) == self else {
            return .unknown
        }
        return state
    }
}
