import FirnProtocol
import JobStore
import Platform

/// How a coordinator behaves. Sizes are in bytes, and durations count in whole milliseconds.
public struct CoordinatorSettings: Sendable {
    /// The time after which a lease that was not renewed is taken back.
    public var lease = Duration.seconds(10)
    /// The longest time between two messages of either side. A worker that is silent for four times this is lost.
    public var heartbeat = Duration.seconds(1)
    /// The number of lost workers after which a job is quarantined.
    public var lostWorkersToQuarantine = 3
    /// How long a restarted coordinator waits for the workers that hold stored leases.
    public var recoveryGrace = Duration.seconds(10)
    /// How long a worker may take to stop a cancelled job before the coordinator ends the job alone.
    public var cancelGrace = Duration.seconds(5)
    /// A job without an expiry ends as `unavailable` when no suitable worker was connected for this long.
    public var unavailableAfter = Duration.seconds(600)
    /// How long updates other than "finished" wait to be sent together, so that a small job causes one message and not
    /// three.
    public var updateDelay = Duration.milliseconds(20)
    /// How long after its result the segments of a traced job are still accepted.
    public var traceGrace = Duration.seconds(30)
    /// Jobs in one Submit.
    public var batchJobs = 1_000
    /// Bytes of one Submit.
    public var batchBytes = 16 << 20
    /// Bytes of one job's specification.
    public var jobBytes = 8 << 20
    /// Values up to this size are part of a result message.
    public var inlineResultBytes = 256 << 10
    /// Bytes of one part of a larger value, and of one trace segment.
    public var segmentBytes = 1 << 20
    /// Bytes of store objects that a worker may have on their way to the disk. They are held in memory.
    public var uploadWindowBytes = ProtocolLimits.uploadWindowBytes
    /// The binary cache to which jobs may ask that their store objects are added; nil for none.
    public var closureCache: ClosureCacheSettings?
    /// Jobs that one connection may watch.
    public var watchedJobs = 100_000
    /// Connected clients. Further hellos are refused.
    public var maximumSessions = 10_000
    /// Bytes of replies that may wait to be read by one connection, and by all together. Results for which there is no
    /// room stay in the store. `TenantPolicy.answerBytes` bounds those of a tenant.
    public var connectionAnswerBytes = 4 << 20
    public var answerBytes = 512 << 20
    /// A client that reads nothing of what is queued for it for this long loses its session.
    public var stalledAfter = Duration.seconds(60)
    /// The endpoint to which workers push traces. If it is empty, the bound one is used.
    public var traceEndpoint = ""
    public var retention = RetentionPolicy()
    public var defaultPolicy = TenantPolicy()
    /// Tenants with a policy of their own, by name.
    public var tenants: [String: TenantPolicy] = [:]

    public init() {}

    func policy(of tenant: String) -> TenantPolicy {
        tenants[tenant] ?? defaultPolicy
    }

    /// The silence after which a peer counts as gone: four heartbeats, as the protocol says.
    var silenceMs: Int64 { 4 * heartbeat.milliseconds }
}
