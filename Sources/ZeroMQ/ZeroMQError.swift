import CZeroMQ
import Glibc
import Platform

/// A failed call of libzmq.
public struct ZeroMQError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was attempted, such as `bind tcp://127.0.0.1:7701`.
    public let operation: String
    /// The `errno` of the failure. libzmq's own codes are above 156,384,712.
    public let code: Int32
    /// What the reader can do about it, or libzmq's message.
    public let reason: String

    public init(operation: String, code: Int32, reason: String) {
        self.operation = operation
        self.code = code
        self.reason = reason
    }

    init(_ error: ThreadError) {
        self.init(operation: "start thread \(error.name ?? "")", code: error.code, reason: error.reason)
    }

    /// The calling thread's last error.
    static func last(_ operation: String) -> ZeroMQError {
        let code = zmq_errno()
        return ZeroMQError(operation: operation, code: code, reason: unsafe String(cString: zmq_strerror(code)))
    }

    /// The same for a call about an endpoint.
    static func last(_ operation: String, endpoint: String) -> ZeroMQError {
        let error = last("\(operation) \(endpoint)")
        guard error.code == EINVAL || error.code == EPROTONOSUPPORT else { return error }
        return ZeroMQError(
            operation: error.operation, code: error.code,
            reason: "this is no endpoint; one is tcp://HOST:PORT or ipc://PATH")
    }

    public var description: String { "\(operation): \(reason)" }
}
