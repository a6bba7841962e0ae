/// Bounds of version 1 that hold whatever is configured. A coordinator may set lower ones and names them in its welcome.
public enum ProtocolLimits {
    /// A frame; sockets are given this as their maximum, so a longer one ends the connection.
    public static let frameBytes = 32 << 20
    /// Frames of a message, without a routing id: header and body.
    public static let frames = 2
    /// An encoded job, all its sources included.
    public static let jobBytes = 24 << 20
    public static let batchJobs = 1_000
    /// The encoded jobs of a batch together.
    public static let batchBytes = 28 << 20
    /// A value above this travels in segments of this size.
    public static let inlineResultBytes = 256 << 10
    public static let segmentBytes = 1 << 20
    /// What a result may have beside its value; one with more is refused.
    public static let resultTextBytes = 16 << 20
    /// The message of a failure, and its backtrace; what is more is cut by the worker.
    public static let failureBytes = 256 << 10
    public static let backtraceBytes = 512 << 10
    /// What a worker may keep of a job's output.
    public static let printedBytes = 1 << 20
    public static let idempotencyKeyBytes = 64
    public static let contentIDBytes = 64
    public static let labelBytes = 200
    public static let priority: ClosedRange<Int32> = -1_000...1_000
    public static let bundleFiles = 10_000
    public static let arguments = 1_000
    public static let roots = 64
    public static let features = 64
    public static let nameBytes = 255
    public static let pathBytes = 4_096
    public static let listedJobs: UInt32 = 1_000
    /// Jobs that one Watch or Cancel may name.
    public static let namedJobs = 10_000
    public static let systemBytes = 64
    /// Attributes that one walk may look at, and names of each.
    public static let walkPaths = 10_000
    public static let walkDepth = 100
    /// Events of a trace segment.
    public static let segmentEvents = 1 << 20
}
