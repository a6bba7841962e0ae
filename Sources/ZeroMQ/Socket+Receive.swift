import CZeroMQ

extension Socket {
    /// The next message, or nil if none waits.
    public borrowing func receive() throws(ZeroMQError) -> Message? {
        try unsafe Self.receive(from: handle, maxFrames: maxFrames)
    }

    static func receive(
        from handle: UnsafeMutableRawPointer, maxFrames: Int
    ) throws(ZeroMQError) -> Message? {
        var part = zmq_msg_t()
        unsafe zmq_msg_init(&part)
        defer { unsafe zmq_msg_close(&part) }
        guard try unsafe receive(&part, from: handle) else { return nil }
        var message = Message(frames: [])
        while true {
            if message.frames.count < maxFrames {
                message.frames.append(bytes(of: &part))
            } else {
                message.isTruncated = true
            }
            guard unsafe zmq_msg_more(&part) != 0 else { break }
            // libzmq delivers messages whole, so the remaining frames are there when the first one is.
            guard try unsafe receive(&part, from: handle) else { throw .last("receive the rest of a message") }
        }
        // The properties are read from the last frame, because the routing id that a ROUTER puts first has none.
        message.userID = property("User-Id", of: &part)
        message.peerAddress = property("Peer-Address", of: &part)
        message.descriptor = property("__fd", of: &part).flatMap { Int32($0) }
        return message
    }

    private static func receive(
        _ part: inout zmq_msg_t, from handle: UnsafeMutableRawPointer
    ) throws(ZeroMQError) -> Bool {
        while unsafe zmq_msg_recv(&part, handle, ZMQ_DONTWAIT) < 0 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return false
            default: throw .last("receive")
            }
        }
        return true
    }

    private static func bytes(of part: inout zmq_msg_t) -> [UInt8] {
        let count = unsafe zmq_msg_size(&part)
        guard count > 0, let data = unsafe zmq_msg_data(&part) else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: count))
    }

    private static func property(_ name: String, of part: inout zmq_msg_t) -> String? {
        guard let text = unsafe zmq_msg_gets(&part, name) else { return nil }
        return unsafe String(validatingCString: text)
    }
}
