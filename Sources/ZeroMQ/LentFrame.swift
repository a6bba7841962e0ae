import CZeroMQ
import Synchronization

/// The bytes of a frame while libzmq has them. libzmq owns a reference until it calls `release`, and that ends it.
final class LentFrame: Sendable {
    // Not `[UInt8]`: libzmq needs an address that stays.
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

    /// Makes a message of the bytes.
    /// - Returns: false when libzmq has no memory for it.
    func lend(to message: inout zmq_msg_t) -> Bool {
        let reference = unsafe Unmanaged.passRetained(self)
        let code = unsafe zmq_msg_init_data(
            &message, UnsafeMutableRawPointer(bitPattern: bytes), count, { _, hint in unsafe LentFrame.release(hint) },
            reference.toOpaque())
        if code != 0 { unsafe reference.release() }
        return code == 0
    }

    /// libzmq did not take the message: its release is nobody's business.
    func forgetRelease() { onRelease.withLock { $0 = nil } }

    private static func release(_ hint: UnsafeMutableRawPointer?) {
        guard let hint = unsafe hint else { return }
        let frame = unsafe Unmanaged<LentFrame>.fromOpaque(hint).takeRetainedValue()
        let onRelease = frame.onRelease.withLock { $0 }
        onRelease?()
    }
}
