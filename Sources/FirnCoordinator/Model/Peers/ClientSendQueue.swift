import DequeModule

/// The send queue of a client: messages that wait for libzmq, oldest first, and the bytes that libzmq holds.
///
/// libzmq is given few bytes at once, because nothing can be taken back from it. What waits here can be discarded when
/// the client is given up.
struct ClientSendQueue {
    /// An encoded message.
    struct Entry {
        let frames: [[UInt8]]
        /// Bytes as the state machine counts them.
        let bytes: Int
    }

    /// Identifies the queue in reports of what was sent.
    let number: UInt64
    private(set) var waiting = Deque<Entry>()
    private(set) var waitingBytes = 0
    /// Bytes that libzmq has not written to the network yet.
    private(set) var sentBytes = 0

    init(number: UInt64) { self.number = number }

    var isEmpty: Bool { waiting.isEmpty && sentBytes == 0 }

    /// The message to send now; nil if there is none or libzmq holds enough.
    var next: Entry? {
        guard let first = waiting.first, sentBytes == 0 || sentBytes + first.bytes <= Self.sentBytes else { return nil }
        return first
    }

    mutating func append(_ entry: Entry) {
        waiting.append(entry)
        waitingBytes += entry.bytes
    }

    /// libzmq has accepted the first message.
    mutating func sent() {
        guard let first = waiting.popFirst() else { return }
        waitingBytes -= first.bytes
        sentBytes += first.bytes
    }

    /// libzmq has written or given up that many bytes.
    mutating func released(_ bytes: Int) { sentBytes -= min(bytes, sentBytes) }

    /// Discards what waits, and returns its bytes.
    mutating func discard() -> Int {
        defer {
            waiting = Deque()
            waitingBytes = 0
        }
        return waitingBytes
    }

    /// Bytes that libzmq is given at once. A single message may be larger.
    private static let sentBytes = 256 << 10
}
