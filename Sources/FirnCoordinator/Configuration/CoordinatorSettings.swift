import JobStore

/// How a coordinator behaves. Times are milliseconds, sizes bytes.
public struct CoordinatorSettings: Sendable {
    /// A lease that was not renewed for so long is taken back.
    public var leaseMs: Int64 = 10_000
    /// How often both sides send something at least. A worker that is silent for four of these is lost.
    public var heartbeatMs: Int64 = 1_000
    /// After this many lost workers a job is quarantined.
    public var lostWorkersToQuarantine = 3
    /// How long a restarted coordinator waits for the workers of leases that it finds.
    public var recoveryGraceMs: Int64 = 10_000
    /// How long a worker may take to stop a cancelled job before the coordinator ends it alone.
    public var cancelGraceMs: Int64 = 5_000
    /// A job without an expiry ends `unavailable` when for so long no connected worker could have taken it.
    public var unavailableAfterMs: Int64 = 600_000
    /// Updates that say less than "finished" wait so long for others, so that small jobs cause one and not three.
    public var updateDelayMs: Int64 = 20
    /// How long after its result a traced job's segments are still taken.
    public var traceGraceMs: Int64 = 30_000
    /// Jobs of one Submit.
    public var batchJobs = 1_000
    /// Bytes of one Submit.
    public var batchBytes = 16 << 20
    /// Bytes of one job's specification.
    public var jobBytes = 8 << 20
    /// Values up to this size are part of a result message.
    public var inlineResultBytes = 256 << 10
    /// Bytes of a part of a larger value, and of a trace segment.
    public var segmentBytes = 1 << 20
    /// Jobs that one connection may watch.
    public var watchedJobs = 100_000
    /// Connected clients that are remembered; past it a hello is refused.
    public var maximumSessions = 10_000
    /// Bytes of answers that wait for one connection to take them, and for all together; what there is no room for stays
    /// in the store. `TenantPolicy.answerBytes` bounds those of a tenant.
    public var connectionAnswerBytes = 4 << 20
    public var answerBytes = 512 << 20
    /// A client that takes nothing of what waits for it for so long loses that, its watches and its questions.
    public var stalledAfterMs: Int64 = 60_000
    /// The endpoint that workers are told to push traces to.
    public var traceEndpoint = ""
    public var retention = RetentionPolicy()
    public var defaultPolicy = TenantPolicy()
    /// Tenants with a policy of their own, by name.
    public var tenants: [String: TenantPolicy] = [:]

    public init() {}

    func policy(of tenant: String) -> TenantPolicy {
        tenants[tenant] ?? defaultPolicy
    }

    /// Silence after which the other side counts as gone: four heartbeats, as the protocol says.
    var silenceMs: Int64 { 4 * heartbeatMs }
}
