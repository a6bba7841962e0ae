import CZeroMQ
import Synchronization

/// A ZeroMQ socket. It belongs to one thread at a time, so it should be a property of an actor whose
/// executor is a `PollingExecutor`. No method blocks. The socket is closed when its owner releases it.
@safe public struct Socket: ~Copyable {
    public enum Kind: Sendable {
        case router, dealer, push, pull, pair, request, reply, publish, subscribe

        var code: Int32 {
            switch self {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .push: ZMQ_PUSH
            case .pull: ZMQ_PULL
            case .pair: ZMQ_PAIR
            case .request: ZMQ_REQ
            case .reply: ZMQ_REP
            case .publish: ZMQ_PUB
            case .subscribe: ZMQ_SUB
            }
        }
    }

    let handle: UnsafeMutableRawPointer
    /// The reading end of the monitor; nil if the socket is not monitored.
    let monitorHandle: UnsafeMutableRawPointer?
    private let context: Context
    private let needsAuthentication: Bool
    let maxFrames: Int

    public init(_ kind: Kind, context: Context, options: SocketOptions = SocketOptions()) throws(ZeroMQError) {
        let handles = try unsafe Self.open(kind, context: context, options: options)
        unsafe handle = handles.socket
        unsafe monitorHandle = handles.monitor
        self.context = context
        maxFrames = max(1, options.maxFrames)
        if case .curveServer = options.security { needsAuthentication = true } else { needsAuthentication = false }
    }

    private static func open(
        _ kind: Kind, context: Context, options: SocketOptions
    ) throws(ZeroMQError) -> (socket: UnsafeMutableRawPointer, monitor: UnsafeMutableRawPointer?) {
        guard
            let socket = unsafe zmq_socket(UnsafeMutableRawPointer(bitPattern: context.handle), kind.code)
        else { throw .last("new \(kind) socket") }
        do throws(ZeroMQError) {
            try unsafe options.apply(to: socket, kind: kind)
            let monitor = options.isMonitored ? try unsafe openMonitor(of: socket, context: context) : nil
            return unsafe (socket, monitor)
        } catch {
            unsafe zmq_close(socket)
            throw error
        }
    }

    deinit {
        if let monitorHandle = unsafe monitorHandle {
            // The order matters: a monitored socket without a reading end would make libzmq's I/O thread wait.
            unsafe zmq_socket_monitor(handle, nil, 0)
            unsafe zmq_close(monitorHandle)
        }
        unsafe zmq_close(handle)
    }

    /// Binds an endpoint such as `tcp://127.0.0.1:*`, `ipc:///run/firn.sock` or `inproc://name`.
    ///
    /// - Returns: the bound endpoint, with the port that the system chose.
    @discardableResult
    public borrowing func bind(_ endpoint: String) throws(ZeroMQError) -> String {
        guard !needsAuthentication || context.isAuthenticating else {
            throw ZeroMQError(
                operation: "bind \(endpoint)", code: EACCES,
                reason: "a CURVE server without a started authenticator would admit every key")
        }
        if let fault = EndpointText.fault(inBound: endpoint) {
            throw ZeroMQError(operation: "bind \(endpoint)", code: EINVAL, reason: fault)
        }
        guard !EndpointText.isServed(endpoint) else {
            throw ZeroMQError(operation: "bind \(endpoint)", code: EADDRINUSE, reason: "Address already in use")
        }
        guard unsafe zmq_bind(handle, endpoint) == 0 else { throw .last("bind", endpoint: endpoint) }
        return try lastEndpoint()
    }

    /// Connects in the background. The monitor reports whether it succeeded.
    public borrowing func connect(_ endpoint: String) throws(ZeroMQError) {
        if let fault = EndpointText.fault(in: endpoint) {
            throw ZeroMQError(operation: "connect \(endpoint)", code: EINVAL, reason: fault)
        }
        guard unsafe zmq_connect(handle, endpoint) == 0 else { throw .last("connect", endpoint: endpoint) }
    }

    /// Ends the connection to an endpoint that was given to `connect`.
    public borrowing func disconnect(_ endpoint: String) throws(ZeroMQError) {
        guard unsafe zmq_disconnect(handle, endpoint) == 0 else { throw .last("disconnect", endpoint: endpoint) }
    }

    /// Stops listening at an endpoint that `bind` returned.
    public borrowing func unbind(_ endpoint: String) throws(ZeroMQError) {
        guard unsafe zmq_unbind(handle, endpoint) == 0 else { throw .last("unbind", endpoint: endpoint) }
    }

    /// On a SUB socket, also receives messages whose first frame begins with `prefix`.
    public borrowing func subscribe(_ prefix: [UInt8] = []) throws(ZeroMQError) {
        let code = unsafe prefix.withUnsafeBytes { bytes in
            unsafe zmq_setsockopt(handle, ZMQ_SUBSCRIBE, bytes.baseAddress, bytes.count)
        }
        guard code == 0 else { throw .last("subscribe") }
    }

    private borrowing func lastEndpoint() throws(ZeroMQError) -> String {
        var bytes = [CChar](repeating: 0, count: 1024)
        var length = bytes.count
        guard unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &bytes, &length) == 0 else {
            throw .last("read the bound endpoint")
        }
        return String(cText: bytes)
    }
}
