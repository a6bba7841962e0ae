import CPlatform
import Glibc

/// An event counter that ends the wait of a polling thread. Any thread may signal it.
final class Wakeup: Sendable {
    let descriptor: Int32

    init() throws(ZeroMQError) {
        descriptor = firn_eventfd()
        guard descriptor >= 0 else {
            throw ZeroMQError(
                operation: "new event counter", code: errno, reason: unsafe String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable. A write to a full counter fails, but a full counter is readable already.
    func signal() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    func clear() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
    }
}
