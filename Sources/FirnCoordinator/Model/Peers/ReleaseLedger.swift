import Synchronization

/// What libzmq has done with, by client: written by its threads, read by the service's.
///
/// Each message sent costs an entry here and no waking of the service's thread, unless somebody waits for room.
final class ReleaseLedger: Sendable {
    private struct Content {
        var bytes: [UInt64: Int] = [:]
        var isAwaited = false
    }

    private let content = Mutex(Content())
    private let wake: @Sendable () -> Void

    /// - Parameter wake: called from any thread, when something was entered that somebody waits for.
    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// libzmq needs a message of the client with that number no more.
    func enter(_ bytes: Int, of client: UInt64) {
        let wakes = content.withLock { content in
            content.bytes[client, default: 0] += bytes
            defer { content.isAwaited = false }
            return content.isAwaited
        }
        if wakes { wake() }
    }

    /// Takes everything that was entered.
    func take() -> [UInt64: Int] {
        content.withLock { content in
            defer { content.bytes.removeAll(keepingCapacity: true) }
            return content.bytes
        }
    }

    /// From now on the next entry wakes. One that came already does so at once.
    func await() {
        let wakes = content.withLock { content in
            content.isAwaited = content.bytes.isEmpty
            return !content.isAwaited
        }
        if wakes { wake() }
    }
}
