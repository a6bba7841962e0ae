import CZeroMQ
import Platform

/// Waits for several sockets and file descriptors at once.
@safe public struct Poller {
    /// Identifies an item from `add` until `remove`.
    public struct Item: Hashable, Sendable { fileprivate let number: Int }

    private var entries: [zmq_pollitem_t] = unsafe []
    private var numbers: [Int] = []
    private var positions: [Int: Int] = [:]
    private var next = 0

    public init() {}

    /// Adds a socket. It must be removed before it is closed.
    public mutating func add(_ socket: borrowing Socket, writable: Bool = false) -> Item {
        unsafe add(handle: socket.handle, writable: writable)
    }

    /// Adds the monitor of a socket; nil if the socket is not monitored.
    public mutating func addMonitor(of socket: borrowing Socket) -> Item? {
        guard let handle = unsafe socket.monitorHandle else { return nil }
        return unsafe add(handle: handle)
    }

    /// Adds a file descriptor, which is polled for reading.
    @discardableResult
    public mutating func add(descriptor: Int32) -> Item {
        unsafe append(zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
    }

    mutating func add(handle: UnsafeMutableRawPointer, writable: Bool = false) -> Item {
        unsafe append(zmq_pollitem_t(socket: handle, fd: 0, events: Self.events(writable), revents: 0))
    }

    /// Removes an item.
    public mutating func remove(_ item: Item) {
        guard let position = positions.removeValue(forKey: item.number) else { return }
        unsafe entries.remove(at: position)
        numbers.remove(at: position)
        for later in position..<numbers.count { positions[numbers[later]] = later }
    }

    /// Sets whether an item is also polled for writing.
    public mutating func setWritable(_ item: Item, _ writable: Bool) {
        guard let position = positions[item.number] else { return }
        unsafe entries[position].events = Self.events(writable)
    }

    /// Waits until an item is ready.
    ///
    /// - Parameter duration: the longest wait, rounded up to milliseconds; nil for no bound.
    /// - Returns: the number of ready items; 0 after a timeout or a signal.
    public mutating func wait(for duration: Duration?) throws(ZeroMQError) -> Int {
        let milliseconds = duration.map { Int(clamping: ($0 + .nanoseconds(999_999)).milliseconds) } ?? -1
        let ready = unsafe zmq_poll(&entries, Int32(clamping: entries.count), milliseconds)
        if ready >= 0 { return Int(ready) }
        guard zmq_errno() == EINTR else { throw .last("poll") }
        for index in unsafe entries.indices { unsafe entries[index].revents = 0 }
        return 0
    }

    /// Whether the last `wait` found something to receive.
    public func isReadable(_ item: Item) -> Bool { isReady(item, ZMQ_POLLIN) }
    /// Whether the last `wait` found room to send.
    public func isWritable(_ item: Item) -> Bool { isReady(item, ZMQ_POLLOUT) }

    private func isReady(_ item: Item, _ event: Int32) -> Bool {
        guard let position = positions[item.number] else { return false }
        return unsafe Int32(entries[position].revents) & event != 0
    }

    /// Whether the item alone can be polled; false if its socket was closed.
    func isValid(_ item: Item) -> Bool {
        guard let position = positions[item.number] else { return false }
        var entry = unsafe entries[position]
        return unsafe zmq_poll(&entry, 1, 0) >= 0
    }

    private mutating func append(_ entry: zmq_pollitem_t) -> Item {
        next += 1
        unsafe positions[next] = entries.count
        unsafe entries.append(entry)
        numbers.append(next)
        return Item(number: next)
    }

    private static func events(_ writable: Bool) -> Int16 { Int16(writable ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN) }
}
