import Synchronization

/// The bytes that libzmq has finished with, by client. libzmq's threads write it and the service's thread reads it.
///
/// A sent message costs an entry here and does not wake the service's thread, unless something waits for room.
final class ReleaseLedger: Sendable {
    private struct Content {
        var bytes: [UInt64: Int] = [:]
        var isAwaited = false
    }

    private let content = Mutex(Content())
    private let wake: @Sendable () -> Void

    /// - Parameter wake: called from any thread when something was recorded while the service waits for it.
    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// libzmq no longer needs that many bytes of messages to the client with that number.
    func record(_ bytes: Int, of client: UInt64) {
        let wakes = content.withLock { content in
            content.bytes[client, default: 0] += bytes
            defer { content.isAwaited = false }
            return content.isAwaited
        }
        if wakes { wake() }
    }

    /// Removes and returns everything that was recorded.
    func takeAll() -> [UInt64: Int] {
        content.withLock { content in
            defer { content.bytes.removeAll(keepingCapacity: true) }
            return content.bytes
        }
    }

    /// Makes the next entry wake the service. If an entry is there already, the service is woken at once.
    func wakeOnNext() {
        let wakes = content.withLock { content in
            content.isAwaited = content.bytes.isEmpty
            return !content.isAwaited
        }
        if wakes { wake() }
    }
}
