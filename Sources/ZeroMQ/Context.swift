import CZeroMQ
import Synchronization

/// The I/O threads that sockets share. Lives until the last socket made with it is closed.
public final class Context: Sendable {
    /// libzmq's handle, which may be used from any thread.
    let handle: UInt
    private let authenticator = Mutex<Authenticator?>(nil)

    /// - Parameter ioThreads: 1 carries about a gigabyte a second; CURVE needs more of them earlier.
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
        // Every socket holds its context, so none is open here and this does not wait.
        while unsafe zmq_ctx_term(UnsafeMutableRawPointer(bitPattern: handle)) != 0, zmq_errno() == EINTR {}
    }

    /// Starts the ZAP handler of this context: from now on every connection that offers a CURVE key is judged by
    /// `authorize`. Once for each context, and before any CURVE server is bound; it lasts as long as the context.
    ///
    /// - Parameter authorize: called on the handler's own thread, one request at a time, so it must not wait.
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

    /// Whether keys are judged. Without it libzmq would let every key in, so no CURVE server may be bound.
    public var isAuthenticating: Bool { authenticator.withLock { $0 != nil } }
}
