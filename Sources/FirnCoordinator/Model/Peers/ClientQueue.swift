/// Messages for one client: those that wait for libzmq to take them, oldest first, and how much of it has them.
///
/// libzmq is given little at once, since nothing can be taken back from it: what waits here is thrown away when the client
/// is given up.
struct ClientQueue {
    struct Entry {
        let frames: [[UInt8]]
        /// As the machine counts them.
        let bytes: Int
    }

    /// Names the queue to those who report what has been sent.
    let number: UInt64
    private(set) var waiting = FIFO<Entry>()
    private(set) var waitingBytes = 0
    /// What libzmq has not written to the network.
    private(set) var sentBytes = 0

    init(number: UInt64) { self.number = number }

    var isEmpty: Bool { waiting.isEmpty && sentBytes == 0 }

    /// The message to send now; nil when there is none, or libzmq has enough.
    var next: Entry? {
        guard let first = waiting.first, sentBytes == 0 || sentBytes + first.bytes <= Self.sentBytes else { return nil }
        return first
    }

    mutating func append(_ entry: Entry) {
        waiting.append(entry)
        waitingBytes += entry.bytes
    }

    /// libzmq has taken the first one.
    mutating func sent() {
        guard let first = waiting.removeFirst() else { return }
        waitingBytes -= first.bytes
        sentBytes += first.bytes
    }

    /// libzmq has done with so many bytes.
    mutating func released(_ bytes: Int) { sentBytes -= min(bytes, sentBytes) }

    /// Throws away what waits.
    mutating func discard() -> Int {
        defer {
            waiting = FIFO()
            waitingBytes = 0
        }
        return waitingBytes
    }

    /// What libzmq is given at once, or one message.
    private static let sentBytes = 256 << 10
}
