/// The number of jobs that finished in the last full second. The time to retry is estimated from it.
struct CompletionRate: Sendable {
    private var second: Int64 = 0
    private var current = 0
    private var last = 0

    mutating func count(at steady: Int64) {
        advance(to: steady)
        current += 1
    }

    /// - Returns: the jobs of the last full second. Those of the current one do not count: how many a part of a second
    ///   has depends on when one asks.
    mutating func perSecond(at steady: Int64) -> Int {
        advance(to: steady)
        return last
    }

    private mutating func advance(to steady: Int64) {
        let now = steady / 1000
        guard now != second else { return }
        last = now == second + 1 ? current : 0
        current = 0
        second = now
    }
}
