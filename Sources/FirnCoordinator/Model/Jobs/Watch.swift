import DequeModule
import FirnProtocol
import JobStore

/// A client's watch of a set of jobs.
///
///     open ──finished, room──▶ finished ──▶ sent
///      └─────finished, no room──▶ unread ──read, when there is room──▶ finished
///
/// The statuses in `finished` are counted in the connection's budget. `open` and `unread` hold numbers only.
struct Watch: Sendable {
    /// Jobs that have not finished.
    var open: Set<JobID> = []
    /// Finished jobs that must be read from the store, by the numbers that the client knows.
    var unread = Deque<UInt64>()
    /// The number of jobs that are being read.
    var reading = 0
    /// Whether a read of this watch is queued for the connection.
    var isWaitingToRead = false
    /// Whether the receipts of the submit that opened the watch are not sent yet. No update may precede them.
    var awaitsReceipts = false
    /// Open jobs that changed, in order. An update shows the state at the time of sending.
    private(set) var changed: [JobID] = []
    private var changedJobs: Set<JobID> = []
    var finished: [WireJobStatus] = []
    /// Bytes that the budget counts for `finished`.
    var finishedBytes = 0
    var unknown: [UInt64] = []
    /// The steady time at which changes are sent; nil if there are none.
    var due: Int64?

    init(awaitsReceipts: Bool) { self.awaitsReceipts = awaitsReceipts }

    /// The number of jobs whose end was not reported yet.
    var count: Int { open.count + unread.count + reading }

    var isComplete: Bool { count == 0 && !awaitsReceipts }

    /// Records a change of a job, which is reported at `due` at the latest.
    mutating func recordChange(_ job: JobID, due time: Int64) {
        if changedJobs.insert(job).inserted { changed.append(job) }
        due = min(due ?? time, time)
    }

    /// Removes and returns up to that many jobs that must be read, in order.
    mutating func takeUnread(_ most: Int) -> [UInt64] {
        let taken = Array(unread.prefix(most))
        unread.removeFirst(taken.count)
        return taken
    }

    func isDue(at steady: Int64) -> Bool {
        isComplete || !finished.isEmpty || !unknown.isEmpty || due.map { $0 <= steady } ?? false
    }

    /// Removes and returns what is to be sent about finished and unknown jobs.
    mutating func takeFinished() -> (finished: [WireJobStatus], bytes: Int, unknown: [UInt64]) {
        defer {
            finished = []
            finishedBytes = 0
            unknown = []
        }
        return (finished, finishedBytes, unknown)
    }

    /// Removes the first changes, which were sent or have become obsolete.
    mutating func dropChanges(_ count: Int) {
        for job in changed.prefix(count) { changedJobs.remove(job) }
        changed.removeFirst(count)
        if changed.isEmpty { due = nil }
    }
}
