import CZeroMQ
import Synchronization

/// The I/O threads that sockets share. A context lives until the last of its sockets is closed.
public final class Context: Sendable {
    /// libzmq's handle, which any thread may use.
    let handle: UInt
    private let authenticator = Mutex<Authenticator?>(nil)

    /// - Parameters:
    ///   - ioThreads: libzmq's threads; one carries about a gigabyte a second, and less with CURVE.
    ///   - maxSockets: the most sockets that may be open at once.
    public init(ioThreads: Int = 1, maxSockets: Int = 4096) throws(ZeroMQError) {
        guard let context = unsafe zmq_ctx_new() else { throw .last("new context") }
        handle = UInt(bitPattern: context)
        guard unsafe zmq_ctx_set(context, ZMQ_IO_THREADS, Int32(clamping: ioThreads)) == 0,
            unsafe zmq_ctx_set(context, ZMQ_MAX_SOCKETS, Int32(clamping: maxSockets)) == 0
        else {
            let error = ZeroMQError.last("set up context")
            unsafe zmq_ctx_term(context)
            throw error
        }
    }

    deinit {
        authenticator.withLock { $0?.stop() }
        // Every socket holds its context, so no socket is open here and this does not block.
        while unsafe zmq_ctx_term(UnsafeMutableRawPointer(bitPattern: handle)) != 0, zmq_errno() == EINTR {}
    }

    /// Starts the ZAP handler of this context: from now on `authorize` decides on every connection that offers a CURVE
    /// key. It is called once for a context, before any CURVE server is bound, and lasts as long as the context.
    ///
    /// - Parameter authorize: called on the handler's own thread for one request at a time, so it must not block.
    /// - Throws: `ZeroMQError` if it was started before or the handler cannot be set up.
    public func startAuthentication(
        _ authorize: @escaping @Sendable (AuthenticationRequest) -> AuthenticationDecision
    ) throws(ZeroMQError) {
        let started = authenticator.withLock { $0 != nil }
        guard !started else {
            throw ZeroMQError(operation: "start authentication", code: EALREADY, reason: "it is started already")
        }
        let new = try Authenticator(contextHandle: handle, authorize: authorize)
        authenticator.withLock { $0 = new }
    }

    /// Whether keys are checked. Otherwise libzmq would accept every key, so no CURVE server may be bound.
    public var isAuthenticating: Bool { authenticator.withLock { $0 != nil } }
}
