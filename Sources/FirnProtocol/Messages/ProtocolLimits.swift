/// Bounds of version 1 that hold for every configuration. A coordinator may set lower ones, which it names in its
/// welcome.
public enum ProtocolLimits {
    /// Bytes of a frame. It is the sockets' maximum, so a larger frame ends the connection.
    public static let frameBytes = 32 << 20
    /// Frames of a message without a routing id: the header and the body.
    public static let frames = 2
    /// Bytes of an encoded job with all its sources.
    public static let jobBytes = 24 << 20
    public static let batchJobs = 1_000
    /// Bytes of all encoded jobs of a batch.
    public static let batchBytes = 28 << 20
    /// The largest value within a result, in bytes, and the size of the segments of a larger one. They are the defaults
    /// when a welcome names no others.
    public static let inlineResultBytes = 256 << 10
    public static let segmentBytes = 1 << 20
    /// Bytes of a result without its value. A larger one is refused.
    public static let resultTextBytes = 16 << 20
    /// Bytes of a failure's message and of its backtrace. The worker truncates longer ones.
    public static let failureBytes = 256 << 10
    public static let backtraceBytes = 512 << 10
    /// Bytes of a job's printed output that a worker may keep.
    public static let printedBytes = 1 << 20
    public static let idempotencyKeyBytes = 64
    public static let contentIDBytes = 64
    public static let labelBytes = 200
    public static let priority: ClosedRange<Int32> = -1_000...1_000
    public static let bundleFiles = 10_000
    public static let arguments = 1_000
    public static let roots = 64
    public static let features = 64
    /// Prepared sets that a worker may announce, the tenants of each, and bytes of an identity.
    public static let preparedSets = 64
    public static let preparedTenants = 1_000
    public static let preparedIdentityBytes = 32
    /// Bytes of the reason why a set could not be prepared.
    public static let preparedReasonBytes = 1_000
    /// Parts of a sandbox that a worker may report, and bytes of the name and the detail of each.
    public static let sandboxParts = 16
    public static let sandboxNameBytes = 32
    public static let sandboxDetailBytes = 300
    public static let searchPath = 64
    public static let nameBytes = 255
    public static let pathBytes = 4_096
    public static let listedJobs: UInt32 = 1_000
    /// Jobs that one Watch or Cancel may name.
    public static let namedJobs = 10_000
    public static let systemBytes = 64
    /// Attributes that one walk may visit, and names in the path of each.
    public static let walkPaths = 10_000
    public static let walkDepth = 100
    /// Outputs that a result may name as needed, and bytes of each of their texts.
    public static let neededOutputs = 1_000
    public static let neededBytes = 1_024
    /// Bytes of the reason why an output could not be built.
    public static let buildReasonBytes = 4_096
    /// Store objects that one offer, or one request for objects, may name.
    public static let namedObjects = 1_000
    /// Bytes of an object's name: 32 digits, a dash, and the longest name that Nix allows.
    public static let objectNameBytes = 32 + 1 + 211
    /// References of one object in an offer. A derivation names none, since its text does.
    public static let objectReferences = 10_000
    /// Bytes of the key of a run.
    public static let runBytes = 64
    /// Bytes of uploads on their way, unless a welcome names another number.
    public static let uploadWindowBytes = 4 << 20
    /// Bytes of a fairness key, and of the key and the run of a supersession.
    public static let keyBytes = 200
    public static let supersessionRunBytes = 64
    /// Jobs that one job may name in `after`.
    public static let precedingJobs = 100
    /// Jobs that a filter selects at once, and that one Retry may name.
    public static let selectedJobs = 1_000
    public static let retryTokenBytes = 16
    /// Events of a trace segment.
    public static let segmentEvents = 1 << 20
}
