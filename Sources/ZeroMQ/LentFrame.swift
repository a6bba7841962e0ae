import CZeroMQ
import Synchronization

/// The bytes of a frame that libzmq borrows. libzmq owns a reference until it calls `release`.
final class LentFrame: Sendable {
    // A raw allocation and not `[UInt8]`, because libzmq needs a stable address.
    private let bytes: UInt
    private let count: Int
    private let onRelease: Mutex<(@Sendable () -> Void)?>

    init(_ frame: [UInt8], onRelease: @escaping @Sendable () -> Void) {
        count = frame.count
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, frame.count), alignment: 1)
        unsafe copy.copyBytes(from: frame)
        bytes = UInt(bitPattern: copy.baseAddress)
        self.onRelease = Mutex(onRelease)
    }

    deinit { unsafe UnsafeMutableRawPointer(bitPattern: bytes)?.deallocate() }

    /// Initialises a message with the bytes.
    ///
    /// - Returns: false if libzmq has no memory for the message.
    func lend(to message: inout zmq_msg_t) -> Bool {
        let reference = unsafe Unmanaged.passRetained(self)
        let code = unsafe zmq_msg_init_data(
            &message, UnsafeMutableRawPointer(bitPattern: bytes), count, { _, hint in unsafe LentFrame.release(hint) },
            reference.toOpaque())
        if code != 0 { unsafe reference.release() }
        return code == 0
    }

    /// Disables the callback, because libzmq did not take the message.
    func forgetRelease() { onRelease.withLock { $0 = nil } }

    private static func release(_ hint: UnsafeMutableRawPointer?) {
        guard let hint = unsafe hint else { return }
        let frame = unsafe Unmanaged<LentFrame>.fromOpaque(hint).takeRetainedValue()
        let onRelease = frame.onRelease.withLock { $0 }
        onRelease?()
    }
}
