import FirnProtocol
import JobStore

/// The updates of a set of jobs that a client wants to hear of.
///
///     open ──finished, room──▶ finished ──▶ sent
///      └─────finished, no room──▶ unread ──read, when there is room──▶ finished
///
/// What is in `finished` is counted in the connection's budget; `open` and `unread` hold numbers only.
struct Watch: Sendable {
    /// Open jobs of which the end was not told yet.
    var open: Set<JobID> = []
    /// Finished jobs that are to be read from the store: their numbers as the client knows them.
    var unread = FIFO<UInt64>()
    /// How many of them are being read.
    var reading = 0
    /// It has its place among the connection's reads.
    var isWaitingToRead = false
    /// The receipts of the submit that opened it are not sent yet; nothing may be sent before.
    var isHeldBack = false
    /// Open jobs that changed, in order; what is sent is what they are then.
    private(set) var changed: [JobID] = []
    private var changedJobs: Set<JobID> = []
    var finished: [WireJobStatus] = []
    /// Bytes that the budget counts for `finished`.
    var finishedBytes = 0
    var unknown: [UInt64] = []
    /// When changes are sent, in steady time; nil when there are none.
    var due: Int64?

    init(isHeldBack: Bool) { self.isHeldBack = isHeldBack }

    /// Jobs of which the end was not told yet.
    var count: Int { open.count + unread.count + reading }

    var isComplete: Bool { count == 0 && !isHeldBack }

    /// A job changed; it is told at `due` at the latest.
    mutating func note(_ job: JobID, due time: Int64) {
        if changedJobs.insert(job).inserted { changed.append(job) }
        due = min(due ?? time, time)
    }

    func isDue(at steady: Int64) -> Bool {
        isComplete || !finished.isEmpty || !unknown.isEmpty || due.map { $0 <= steady } ?? false
    }

    /// Takes what is to be sent of finished and unknown jobs.
    mutating func takeFinished() -> (finished: [WireJobStatus], bytes: Int, unknown: [UInt64]) {
        defer {
            finished = []
            finishedBytes = 0
            unknown = []
        }
        return (finished, finishedBytes, unknown)
    }

    /// The first changes were sent, or mean nothing any more.
    mutating func dropChanges(_ count: Int) {
        for job in changed.prefix(count) { changedJobs.remove(job) }
        changed.removeFirst(count)
        if changed.isEmpty { due = nil }
    }
}
