import Synchronization

/// The queue of trace segments between the evaluating thread and the sending one. It is bounded in bytes, and neither
/// side waits.
final class TraceQueue: Sendable {
    private struct Content {
        var messages: [[[UInt8]]] = []
        var bytes = 0
        var wake: (@Sendable () -> Void)?
    }

    private let content = Mutex(Content())
    private let maximumBytes: Int

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// Sets a function that is called whenever a message is added to the empty queue.
    func onMessage(_ wake: (@Sendable () -> Void)?) { content.withLock { $0.wake = wake } }

    /// Adds a message. Returns false, and drops it, if there is no room.
    func add(_ message: [[UInt8]]) -> Bool {
        let bytes = Self.bytes(message)
        let (isTaken, wake) = content.withLock { content -> (Bool, (@Sendable () -> Void)?) in
            guard content.bytes + bytes <= maximumBytes else { return (false, nil) }
            content.bytes += bytes
            content.messages.append(message)
            return (true, content.messages.count == 1 ? content.wake : nil)
        }
        wake?()
        return isTaken
    }

    /// Passes the messages in order to `send` until it returns false. That message stays in the queue.
    func drain(_ send: ([[UInt8]]) throws -> Bool) rethrows {
        while let message = content.withLock({ $0.messages.first }) {
            guard try send(message) else { return }
            content.withLock {
                $0.messages.removeFirst()
                $0.bytes -= Self.bytes(message)
            }
        }
    }

    private static func bytes(_ message: [[UInt8]]) -> Int { message.reduce(0) { $0 + $1.count } }
}
