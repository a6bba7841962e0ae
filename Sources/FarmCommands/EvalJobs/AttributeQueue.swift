import NixEval

/// The attributes of a package set that are still to be visited, and counts of the visited ones. It is pure: the caller
/// reports the results of batches.
///
/// A batch is the list of attributes that one job visits, in one heap. Every batch evaluates the common part of the set
/// again. Batches are therefore few and large at first, and become smaller towards the end, so that all workers finish
/// at about the same time.
struct AttributeQueue {
    typealias Path = [String]

    /// The attributes of one job.
    struct Batch: Equatable {
        var paths: [Path]
        /// Whether the job has the memory of all workers. No other job runs meanwhile.
        var isAlone = false
    }

    /// Paths of one job at most.
    static let maximumBatch = 5_000
    /// The smallest batch that is worth a heap of its own: in nixpkgs the common part costs as much as about a hundred
    /// attributes.
    static let minimumBatch = 64
    /// A worker's share that is not divided further: a second batch would cost more than an uneven end.
    static let undividedShare = 256

    private var waiting: [Path]
    /// Paths before this index of `waiting` were handed out.
    private var first = 0
    /// Batches that must not be joined with others.
    private var halves: [[Path]] = []
    /// Paths that need more memory than the share of one worker. They wait until all else is done, and are then visited
    /// by one job that has all memory.
    private var large: [Path] = []
    private let workers: Int
    private(set) var derivations = 0
    private(set) var errors = 0
    private(set) var visited = 0
    private(set) var runningBatches = 0
    private(set) var runningPaths = 0
    private var isOneAlone = false

    /// - Parameters:
    ///   - workers: the number of jobs that run concurrently.
    ///   - start: the path at which the walk begins.
    init(workers: Int, start: Path = []) {
        self.workers = max(1, workers)
        waiting = [start]
    }

    var waitingCount: Int { waiting.count - first + large.count + halves.reduce(0) { $0 + $1.count } }
    var isFinished: Bool { waitingCount == 0 && runningBatches == 0 }

    /// The paths of the next job; nil if none is waiting, or if those that wait have to wait for jobs that run.
    mutating func nextBatch() -> Batch? {
        guard !isOneAlone else { return nil }
        if let half = halves.popLast() { return begin(Batch(paths: half)) }
        let ready = waiting.count - first
        guard ready > 0 else {
            guard !large.isEmpty, runningBatches == 0 else { return nil }
            let batch = Batch(paths: Array(large.prefix(Self.maximumBatch)), isAlone: true)
            large.removeFirst(batch.paths.count)
            return begin(batch)
        }
        let idle = max(1, workers - runningBatches)
        let whole = workers == 1 ? ready : min(Self.undividedShare, (ready + idle - 1) / idle)
        let half = (ready + 2 * workers - 1) / (2 * workers)
        let count = min(ready, max(Self.minimumBatch, whole, half), Self.maximumBatch)
        let batch = Array(waiting[first..<(first + count)])
        first += count
        if first > waiting.count / 2 {
            waiting.removeFirst(first)
            first = 0
        }
        return begin(Batch(paths: batch))
    }

    private mutating func begin(_ batch: Batch) -> Batch {
        runningBatches += 1
        runningPaths += batch.paths.count
        isOneAlone = batch.isAlone
        return batch
    }

    private mutating func end(_ batch: Batch) {
        runningBatches -= 1
        runningPaths -= batch.paths.count
        isOneAlone = false
    }

    /// Puts paths back that a job did not reach.
    private mutating func putBack(_ paths: some Sequence<Path>, of batch: Batch) {
        if batch.isAlone { large += paths } else { waiting += paths }
    }

    /// Takes the lines of a job for its batch. Paths that the job did not reach wait again.
    ///
    /// - Returns: the lines to print, which are those of derivations and errors.
    /// - Throws: a decoding error if a line is not one of a walk.
    mutating func finish(_ batch: Batch, lines: [WalkLine]) throws -> [WalkLine] {
        end(batch)
        var printed: [WalkLine] = []
        for line in lines {
            visited += 1
            if let below = try line.names() {
                waiting += below.map { line.path + [$0] }
            } else {
                if line.details.kind == .derivation { derivations += 1 } else { errors += 1 }
                printed.append(line)
            }
        }
        putBack(batch.paths.dropFirst(lines.count), of: batch)
        return printed
    }

    /// Counts a derivation that turned out to be an error, because it is an aggregate of jobs that failed.
    mutating func countBrokenAggregate() {
        derivations -= 1
        errors += 1
    }

    /// Handles a batch whose job failed at its first path. The failure is that path's error, and the other paths wait
    /// again.
    ///
    /// - Returns: the line to print.
    mutating func fail(_ batch: Batch, _ message: String) -> WalkLine {
        end(batch)
        putBack(batch.paths.dropFirst(), of: batch)
        errors += 1
        visited += 1
        return WalkLine(failed: batch.paths.first ?? [], message)
    }

    /// Handles a batch whose job exceeded its memory at its first path. The path is visited again by a job that has the
    /// memory of all workers; if the job had that already, the failure is the path's error.
    ///
    /// - Returns: the line to print if the failure is final.
    mutating func exceedMemory(_ batch: Batch, _ message: String) -> WalkLine? {
        guard !batch.isAlone, workers > 1 else { return fail(batch, message) }
        end(batch)
        large += batch.paths.prefix(1)
        putBack(batch.paths.dropFirst(), of: batch)
        return nil
    }

    /// Handles a batch whose job crashed its workers, where the guilty path is not known: its halves are tried
    /// separately.
    ///
    /// - Returns: the line to print if there was only one path.
    mutating func split(_ batch: Batch, _ message: String) -> WalkLine? {
        guard batch.paths.count > 1 else { return fail(batch, message) }
        end(batch)
        let middle = batch.paths.count / 2
        halves += [Array(batch.paths[..<middle]), Array(batch.paths[middle...])]
        return nil
    }
}
