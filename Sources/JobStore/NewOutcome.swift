import Foundation

/// How a job ended. A job has at most one outcome.
public struct NewOutcome: Sendable {
    /// The kind of outcome by its number in the protocol, which the store only keeps and returns.
    public var code: Int32
    public var finished: Milliseconds
    /// Fuel that the job used; 0 if it never ran.
    public var fuel: Int64
    /// The encoded outcome, opaque to the store.
    public var body: Data
    /// The printed value if it is too large to be part of `body`. It is read in parts.
    public var value: Data?
    /// The number of trace segments that the worker sent; 0 if the job was not traced.
    public var traceSegments: Int64
    /// The number of trace events that the worker dropped.
    public var traceDropped: Int64
    /// The key by which equal jobs of the tenant find this outcome; nil if none may take it.
    public var cacheKey: Data?

    public init(
        code: Int32, finished: Milliseconds, fuel: Int64 = 0, body: Data, value: Data? = nil,
        traceSegments: Int64 = 0, traceDropped: Int64 = 0, cacheKey: Data? = nil
    ) {
        self.code = code
        self.finished = finished
        self.fuel = fuel
        self.body = body
        self.value = value
        self.traceSegments = traceSegments
        self.traceDropped = traceDropped
        self.cacheKey = cacheKey
    }
}
