import FirnProtocol

/// The accepted segments of one job's trace, from the dispatch until a grace time after the result.
struct TraceTally: Sendable {
    let attempt: UInt32
    /// The worker key that may send segments of this attempt.
    let identity: Identity
    /// Bytes that the job's limits allow.
    let limit: UInt64
    var numbers: Set<UInt32> = []
    var bytes: UInt64 = 0
    /// The number of segments that the result names; nil before the result.
    var announced: Int?
    /// The steady time after which no segment is accepted; nil before the result.
    var ends: Int64?

    func isComplete(dropped: UInt64) -> Bool { dropped == 0 && announced == numbers.count }
}
