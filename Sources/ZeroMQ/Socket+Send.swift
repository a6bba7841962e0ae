import CZeroMQ

extension Socket {
    /// Hands a message to libzmq, whole or not at all. Never waits.
    /// - Parameters:
    ///   - frames: at least one. On a ROUTER, the first is the peer's routing id.
    ///   - onRelease: called once if the outcome is `sent`, on any thread and perhaps before this returns, when libzmq holds
    ///     the last frame no more: it was written to the network (with CURVE: encrypted, to be written next), or its
    ///     connection has ended. So the sum of what is not released is what libzmq keeps for a peer.
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
            // The peer went away between two frames. libzmq swallows the rest of this message; it must be given, or
            // the next message would be taken for its rest.
            isLost = true
        }
        return isLost ? .full : .sent
    }

    /// - Returns: 0, EAGAIN when it would wait, or EHOSTUNREACH when there is no route.
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

    /// The same for a last frame that libzmq gives back.
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
            // It stays ours, and nobody waits to hear of it.
            lent.forgetRelease()
            unsafe zmq_msg_close(&message)
            guard code == EAGAIN || code == EHOSTUNREACH else { throw error }
            return code
        }
    }
}
