import Foundation

/// A new job. The client's specification is an opaque `body`, which the store returns byte for byte.
public struct NewJob: Sendable {
    public var tenant: String
    /// At most one stored job of a tenant has this key. It is free again when the job is removed.
    public var idempotencyKey: Data?
    /// Jobs with a higher priority run first.
    public var priority: Int32
    public var submitted: Milliseconds
    /// The time before which the job must not start; 0 for none.
    public var notBefore: Milliseconds
    /// The time at which the job is given up if it still waits; 0 for none.
    public var deadline: Milliseconds
    /// A text for lists, without a meaning to the store.
    public var label: String
    public var body: Data
    /// Whose store objects the job shares; nil if it gives none.
    public var closure: ClosureRun?
    /// The fairness key, by which jobs are selected; empty for none.
    public var key: String
    /// Which stored outcome the job may take; nil for none.
    public var cache: OutcomeCache?

    public init(
        tenant: String, idempotencyKey: Data? = nil, priority: Int32 = 0, submitted: Milliseconds,
        notBefore: Milliseconds = 0, deadline: Milliseconds = 0, label: String = "", body: Data,
        closure: ClosureRun? = nil, key: String = "", cache: OutcomeCache? = nil
    ) {
        self.tenant = tenant
        self.idempotencyKey = idempotencyKey
        self.priority = priority
        self.submitted = submitted
        self.notBefore = notBefore
        self.deadline = deadline
        self.label = label
        self.body = body
        self.closure = closure
        self.key = key
        self.cache = cache
    }
}
