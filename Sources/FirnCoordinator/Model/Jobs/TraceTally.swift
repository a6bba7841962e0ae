import FirnProtocol

/// The segments of one job's trace, as they arrive. Kept from the dispatch until a while after the result.
struct TraceTally: Sendable {
    let attempt: UInt32
    /// Whose key may send segments of this attempt.
    let identity: Identity
    /// Bytes that the job's limits allow.
    let limit: UInt64
    var numbers: Set<UInt32> = []
    var bytes: UInt64 = 0
    /// How many segments the result says there are; nil before the result.
    var announced: Int?
    /// When no more are taken, in steady time; nil before the result.
    var ends: Int64?

    func isComplete(dropped: UInt64) -> Bool { dropped == 0 && announced == numbers.count }
}
