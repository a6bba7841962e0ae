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

    /// Uploads that are not stored yet. They are independent of the connection. The bytes are bounded by whoever makes
    /// them, who waits for the replies.
    struct Uploads: Sendable {
        private struct Entry: Sendable {
            /// The number of the first message.
            var first: UInt32 = 0
            var messages: [[[UInt8]]] = []
            /// The messages that were sent on this connection.
            var sent = 0
        }

        private var entries: [LeaseKey: Entry] = [:]

        mutating func add(_ key: LeaseKey, _ messages: [[[UInt8]]]) {
            entries[key, default: Entry()].messages += messages
        }

        /// Removes messages that the coordinator has stored.
        mutating func drop(_ key: LeaseKey, below number: UInt32) {
            guard let entry = entries[key], number > entry.first else { return }
            let count = min(Int(number - entry.first), entry.messages.count)
            entries[key]?.messages.removeFirst(count)
            entries[key]?.first += UInt32(count)
            entries[key]?.sent = max(0, entry.sent - count)
        }

        /// Removes everything of an attempt.
        mutating func drop(_ key: LeaseKey) { entries[key] = nil }

        /// The next message to send; nil if there is none.
        mutating func next() -> [[UInt8]]? {
            for (key, entry) in entries where entry.sent < entry.messages.count {
                entries[key]?.sent += 1
                return entry.messages[entry.sent]
            }
            return nil
        }

        /// Sends all messages again from the first one, because those in flight may have been lost.
        mutating func sendAgain() {
            for key in Array(entries.keys) { entries[key]?.sent = 0 }
        }
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
