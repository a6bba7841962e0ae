import Synchronization

/// Trace segments between the thread that evaluates and the one that sends: bounded in bytes, and nobody waits.
final class TraceQueue: Sendable {
    private struct Content {
        var messages: [[[UInt8]]] = []
        var bytes = 0
        var wake: (@Sendable () -> Void)?
    }

    private let content = Mutex(Content())
    private let maximumBytes: Int

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// Called with each message that finds the queue empty.
    func onMessage(_ wake: (@Sendable () -> Void)?) { content.withLock { $0.wake = wake } }

    /// False when there is no room: the message is not taken.
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

    /// Hands the messages out in order, until `send` answers false; that one stays.
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
