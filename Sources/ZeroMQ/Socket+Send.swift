import CZeroMQ

extension Socket {
    /// Passes a message to libzmq, whole or not at all. It never blocks.
    ///
    /// - Parameters:
    ///   - frames: at least one frame. On a ROUTER socket, the first is the peer's routing id.
    ///   - onRelease: called once if the outcome is `sent`, on any thread and possibly before this returns, when libzmq
    ///     no longer holds the last frame. It was then written to the network (with CURVE: encrypted, to be written
    ///     next), or its connection has ended. The bytes that are not released are thus those that libzmq queues for a
    ///     peer.
    public borrowing func send(
        _ frames: [[UInt8]], onRelease: (@Sendable () -> Void)? = nil
    ) throws(ZeroMQError) -> SendOutcome {
        var isLost = false
        for index in frames.indices {
            let isLast = index == frames.count - 1
            let code =
                if isLast, let onRelease {
                    try send(frames[index], onRelease: onRelease)
                } else {
                    try send(frames[index], more: !isLast)
                }
            if code == 0 { continue }
            if code == EHOSTUNREACH { return .noRoute }
            if index == 0 { return .full }
            // The peer disconnected between two frames. libzmq discards the rest of this message, but must be given it:
            // otherwise it would take the next message for that rest.
            isLost = true
        }
        return isLost ? .full : .sent
    }

    /// - Returns: 0, EAGAIN if the call would block, or EHOSTUNREACH if there is no route.
    private borrowing func send(_ frame: [UInt8], more: Bool) throws(ZeroMQError) -> Int32 {
        let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        while true {
            let sent = unsafe frame.withUnsafeBytes { bytes in
                unsafe zmq_send(handle, bytes.baseAddress, bytes.count, flags)
            }
            if sent >= 0 { return 0 }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN, EHOSTUNREACH: return zmq_errno()
            default: throw .last("send")
            }
        }
    }

    /// The same for a last frame whose release is reported.
    private borrowing func send(
        _ frame: [UInt8], onRelease: @escaping @Sendable () -> Void
    ) throws(ZeroMQError) -> Int32 {
        let lent = LentFrame(frame, onRelease: onRelease)
        var message = zmq_msg_t()
        guard lent.lend(to: &message) else { throw .last("send") }
        while true {
            if unsafe zmq_msg_send(&message, handle, ZMQ_DONTWAIT) >= 0 { return 0 }
            let code = zmq_errno()
            if code == EINTR { continue }
            let error = ZeroMQError.last("send")
            // The frame was not sent, so its release must not be reported.
            lent.forgetRelease()
            unsafe zmq_msg_close(&message)
            guard code == EAGAIN || code == EHOSTUNREACH else { throw error }
            return code
        }
    }
}
