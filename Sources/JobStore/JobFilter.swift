/// Selects the jobs to list, newest first.
public struct JobFilter: Sendable {
    /// Lists only this tenant's jobs; nil for all.
    public var tenant: String?
    /// Lists only jobs older than this one, which is the cursor for paging: an id, or a number of `tenant`.
    public var before: JobKey?
    public var states: Set<Kind>
    /// Lists only jobs with this outcome; nil for all.
    public var code: Int32?
    /// Omits finished jobs with this outcome; nil to omit none.
    public var exceptCode: Int32?
    /// Lists only jobs whose label begins with this text, and whose fairness key is this one; empty for all.
    public var labelPrefix = ""
    public var key = ""
    /// Lists only jobs that were submitted at the first time or later, and before the second; 0 for no bound.
    public var submittedFrom: Milliseconds = 0
    public var submittedUntil: Milliseconds = 0
    /// The time with which not-before times are compared: a queued job is delayed while its not-before time is later.
    public var now: Milliseconds
    /// The length of the list, from 1 to 1,000. Other values are clamped.
    public var limit: Int

    /// The states to select. `delayed` is `queued` with a not-before time in the future.
    public enum Kind: Sendable, Hashable, CaseIterable {
        case delayed, queued, held, running, finished
    }

    public init(
        tenant: String? = nil, before: JobKey? = nil, states: Set<Kind> = Set(Kind.allCases), code: Int32? = nil,
        now: Milliseconds = 0, limit: Int = 100
    ) {
        self.tenant = tenant
        self.before = before
        self.states = states
        self.code = code
        self.now = now
        self.limit = min(max(limit, 1), 1000)
    }
}
