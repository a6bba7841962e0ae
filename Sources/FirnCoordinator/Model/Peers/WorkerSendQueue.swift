import DequeModule

/// The send queue of a worker: messages that libzmq did not accept because its own queue for the worker is full.
struct WorkerSendQueue {
    private var messages = Deque<[[UInt8]]>()
    private(set) var bytes = 0

    var isEmpty: Bool { messages.isEmpty }
    var first: [[UInt8]]? { messages.first }

    mutating func append(_ frames: [[UInt8]]) {
        messages.append(frames)
        bytes += Self.bytes(frames)
    }

    mutating func removeFirst() {
        guard let first = messages.popFirst() else { return }
        bytes -= Self.bytes(first)
    }

    private static func bytes(_ frames: [[UInt8]]) -> Int { frames.reduce(0) { $0 + $1.count } }
}
