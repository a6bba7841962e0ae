/// The send queue of a worker: messages that libzmq did not accept because its own queue for the worker is full.
struct Backlog {
    private var messages: [[[UInt8]]] = []
    private var next = 0
    private(set) var bytes = 0

    var isEmpty: Bool { next == messages.count }
    var first: [[UInt8]]? { next < messages.count ? messages[next] : nil }

    mutating func append(_ frames: [[UInt8]]) {
        messages.append(frames)
        bytes += frames.reduce(0) { $0 + $1.count }
    }

    mutating func removeFirst() {
        guard let first else { return }
        bytes -= first.reduce(0) { $0 + $1.count }
        messages[next] = []
        next += 1
    }
}
