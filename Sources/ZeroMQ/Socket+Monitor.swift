import CZeroMQ
import Synchronization

extension Socket {
    /// The next event of a socket with `SocketOptions.isMonitored`, or nil if none waits. Events must be read, because
    /// they accumulate without a bound.
    public borrowing func nextMonitorEvent() throws(ZeroMQError) -> MonitorReport? {
        guard let monitorHandle = unsafe monitorHandle else { return nil }
        guard let message = try unsafe Self.receive(from: monitorHandle, maxFrames: 2) else { return nil }
        guard message.frames.count == 2, message.frames[0].count == 6 else {
            throw ZeroMQError(operation: "read a monitor event", code: EPROTO, reason: "its frames are malformed")
        }
        let head = message.frames[0]
        // libzmq writes in native byte order, because the message stays within the process.
        let code = unsafe head.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt16.self) }
        let value = unsafe head.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: 2, as: UInt32.self) }
        let endpoint = String(decoding: message.frames[1], as: UTF8.self)
        return MonitorReport(event: MonitorEvent(code: code, value: value), endpoint: endpoint)
    }

    /// Makes libzmq publish the socket's events on a PAIR socket, and returns its reading end.
    static func openMonitor(
        of handle: UnsafeMutableRawPointer, context: Context
    ) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        let name = "inproc://monitor-\(monitorNumber.wrappingAdd(1, ordering: .relaxed).newValue)"
        guard unsafe zmq_socket_monitor(handle, name, ZMQ_EVENT_ALL) == 0 else { throw .last("monitor a socket") }
        guard
            let pair = unsafe zmq_socket(UnsafeMutableRawPointer(bitPattern: context.handle), ZMQ_PAIR)
        else { throw .last("monitor a socket") }
        var none: Int32 = 0
        unsafe zmq_setsockopt(pair, ZMQ_LINGER, &none, 4)
        // The queue is unbounded, because a bound would make libzmq's I/O thread wait for the reader.
        unsafe zmq_setsockopt(pair, ZMQ_RCVHWM, &none, 4)
        guard unsafe zmq_connect(pair, name) == 0 else {
            let error = ZeroMQError.last("monitor a socket")
            unsafe zmq_close(pair)
            throw error
        }
        return unsafe pair
    }
}

private let monitorNumber = Atomic<UInt64>(0)
