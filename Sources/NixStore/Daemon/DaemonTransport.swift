/// A connection to a daemon as a stream of bytes. One thread uses it.
protocol DaemonTransport: AnyObject {
    /// Sends all bytes. What arrives meanwhile is kept, so that a daemon that answers early cannot block both sides.
    func send(_ bytes: UnsafeRawBufferPointer, isStopped: () -> Bool) throws(TransportError)

    /// Waits for bytes and appends them.
    func receive(into bytes: inout [UInt8], isStopped: () -> Bool) throws(TransportError)

    /// Whether bytes can be received without waiting.
    var hasInput: Bool { get }

    /// Closes the connection. Sending and receiving fail afterwards.
    func close()
}

/// Why a connection has ended.
enum TransportError: Error, Equatable {
    /// The other side has closed the connection.
    case closed
    /// Nothing was sent or received for this time.
    case silent(seconds: Int)
    /// The work was ended by `isStopped`.
    case stopped
    case system(errno: Int32)
}
