import FirnProtocol

/// Parts of the state, each with its invariants.
extension WorkerStateMachine {
    /// The credit that the coordinator has.
    struct Credit: Sendable {
        /// Credit that was given in this connection and not used by an assignment.
        var given = 0
        /// Whether the coordinator must be told that its credit is void, even if no lease is returned.
        var mustRevoke = false
    }

    /// Results that are not committed yet. They are independent of the connection.
    struct UncommittedResults: Sendable {
        /// A result with its whole value.
        struct Entry: Sendable {
            let result: WireJobResult
            /// Approximate bytes of memory.
            let bytes: Int
        }

        private var entries: [LeaseKey: Entry] = [:]
        /// The sum of the entries' bytes.
        private(set) var bytes = 0
        /// Results to send at the end of the turn. Each has an entry, unless it was dropped since.
        private(set) var outgoing: [LeaseKey] = []
        /// Results with large values that are being sent in segments, in order.
        private(set) var bulk: [LeaseKey] = []
        /// The number of segments sent of the first result in `bulk`.
        private(set) var segmentsSent: UInt32 = 0

        var count: Int { entries.count }
        var isEmpty: Bool { entries.isEmpty }
        var keys: some Collection<LeaseKey> { entries.keys }

        subscript(key: LeaseKey) -> Entry? { entries[key] }

        /// Adds a result, which is sent at the end of the turn.
        mutating func add(_ key: LeaseKey, _ result: WireJobResult) {
            let entry = Entry(result: result, bytes: result.bytes)
            entries[key] = entry
            bytes += entry.bytes
            outgoing.append(key)
        }

        /// Removes a result that was committed or refused, with whatever of it was not sent.
        mutating func drop(_ key: LeaseKey) {
            guard let entry = entries.removeValue(forKey: key) else { return }
            bytes -= entry.bytes
            if let index = bulk.firstIndex(of: key) {
                bulk.remove(at: index)
                if index == 0 { segmentsSent = 0 }
            }
            outgoing.removeAll { $0 == key }
        }

        /// Sends all results again from their beginning, because messages in flight may have been lost.
        mutating func sendAgain() {
            outgoing = entries.keys.sorted { ($0.job, $0.attempt) < ($1.job, $1.attempt) }
            bulk = []
            segmentsSent = 0
        }

        /// Removes and returns the results to send.
        mutating func takeOutgoing() -> [LeaseKey] {
            defer { outgoing = [] }
            return outgoing
        }

        /// Queues a result whose value is sent in segments.
        mutating func enqueueBulk(_ key: LeaseKey) { bulk.append(key) }

        /// Counts a segment of the first result in `bulk`.
        mutating func countSegment() { segmentsSent += 1 }

        /// Removes the first result of `bulk`, whose segments were all sent.
        mutating func finishBulk() {
            bulk.removeFirst()
            segmentsSent = 0
        }
    }
}
