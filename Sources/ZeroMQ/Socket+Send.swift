import CZeroMQ

extension Socket {
    /// Hands a message to libzmq, whole or not at all. Never waits.
    /// - Parameter frames: at least one. On a ROUTER, the first is the peer's routing id.
    public borrowing func send(_ frames: [[UInt8]]) throws(ZeroMQError) -> SendOutcome {
        var isLost = false
        for index in frames.indices {
            let isLast = index == frames.count - 1
            if try send(frames[index], more: !isLast) { continue }
            let code = zmq_errno()
            if code == EHOSTUNREACH { return .noRoute }
            guard code == EAGAIN else { throw .last("send") }
            if index == 0 { return .full }
            // The peer went away between two frames. libzmq swallows the rest of this message; it must be given, or
            // the next message would be taken for its rest.
            isLost = true
        }
        return isLost ? .full : .sent
    }

    /// - Returns: false when it would wait or there is no route; `zmq_errno()` says which.
    private borrowing func send(_ frame: [UInt8], more: Bool) throws(ZeroMQError) -> Bool {
        let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        while true {
            let sent = unsafe frame.withUnsafeBytes { bytes in
                unsafe zmq_send(handle, bytes.baseAddress, bytes.count, flags)
            }
            if sent >= 0 { return true }
            let code = zmq_errno()
            if code == EINTR { continue }
            if code == EAGAIN || code == EHOSTUNREACH { return false }
            throw .last("send")
        }
    }
}
