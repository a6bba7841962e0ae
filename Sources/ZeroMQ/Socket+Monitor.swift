import CZeroMQ
import Synchronization

extension Socket {
    /// The next event of a socket made with `SocketOptions.isMonitored`, or nil when none waits. They must be read, or
    /// they pile up until libzmq's I/O thread waits for them.
    public borrowing func nextMonitorEvent() throws(ZeroMQError) -> MonitorReport? {
        guard let monitorHandle = unsafe monitorHandle else { return nil }
        guard let message = try unsafe Self.receive(from: monitorHandle, maxFrames: 2) else { return nil }
        guard message.frames.count == 2, message.frames[0].count == 6 else {
            throw ZeroMQError(operation: "read a monitor event", code: EPROTO, reason: "its frames are malformed")
        }
        let head = message.frames[0]
        // Native byte order, as libzmq writes it into its own process.
        let code = unsafe head.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt16.self) }
        let value = unsafe head.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: 2, as: UInt32.self) }
        let endpoint = String(decoding: message.frames[1], as: UTF8.self)
        return MonitorReport(event: MonitorEvent(code: code, value: value), endpoint: endpoint)
    }

    /// Makes libzmq publish the socket's events on a pair, and returns the reading end.
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
        // Unbounded: a bound would make libzmq's I/O thread wait for the reader.
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
