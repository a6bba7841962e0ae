import FoundationEssentials
import NixEval

/// The attributes of a package set that are still to be visited, and counts of the visited ones. It is pure: the caller
/// reports the results of batches.
///
/// A batch is the list of attributes that one job visits, in one heap. Every batch evaluates the common part of the set
/// again. Batches are therefore few and large at first, and become smaller towards the end, so that all workers finish
/// at about the same time.
struct AttributeQueue {
    typealias Path = [String]

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
    private let workers: Int
    private(set) var derivations = 0
    private(set) var errors = 0
    private(set) var runningBatches = 0

    /// - Parameters:
    ///   - workers: the number of jobs that run concurrently.
    ///   - start: the path at which the walk begins.
    init(workers: Int, start: Path = []) {
        self.workers = max(1, workers)
        waiting = [start]
    }

    var waitingCount: Int { waiting.count - first + halves.reduce(0) { $0 + $1.count } }
    var isFinished: Bool { waitingCount == 0 && runningBatches == 0 }

    /// The paths of the next job; nil if none is waiting.
    mutating func nextBatch() -> [Path]? {
        if let half = halves.popLast() {
            runningBatches += 1
            return half
        }
        let ready = waiting.count - first
        guard ready > 0 else { return nil }
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
        runningBatches += 1
        return batch
    }

    /// Takes the lines that a job printed for its batch. Paths that the job did not reach wait again.
    ///
    /// - Returns: the lines to print, which are those of derivations and errors.
    /// - Throws: a decoding error if a line is not one of a walk.
    mutating func finish(_ batch: [Path], lines: [Substring]) throws -> [Substring] {
        runningBatches -= 1
        var printed: [Substring] = []
        let decoder = JSONDecoder()
        for (path, line) in zip(batch, lines) {
            let found = try decoder.decode(Line.self, from: Data(line.utf8))
            if let below = found.attrs {
                waiting += below.map { path + [$0] }
            } else {
                if found.error == nil { derivations += 1 } else { errors += 1 }
                printed.append(line)
            }
        }
        waiting += batch.dropFirst(lines.count)
        return printed
    }

    /// Handles a batch whose job failed at its first path. The failure is that path's error, and the other paths wait
    /// again.
    ///
    /// - Returns: the line to print.
    mutating func fail(_ batch: [Path], _ message: String) -> String {
        runningBatches -= 1
        waiting += batch.dropFirst()
        errors += 1
        let path = batch.first ?? []
        return JSONValue.object([
            ("attr", .bytes(AttributeWalker.joined(path.map { Array($0.utf8) }))),
            ("attrPath", .array(path.map { .string($0) })),
            ("error", .string("error: \(message)")),
        ]).text
    }

    /// Handles a batch whose job crashed its workers, where the guilty path is not known: its halves are tried
    /// separately.
    ///
    /// - Returns: the line to print if there was only one path.
    mutating func split(_ batch: [Path], _ message: String) -> String? {
        guard batch.count > 1 else { return fail(batch, message) }
        runningBatches -= 1
        let middle = batch.count / 2
        halves += [Array(batch[..<middle]), Array(batch[middle...])]
        return nil
    }

    /// The members of a line that decide what to do with it.
    private struct Line: Decodable {
        var attrs: [String]?
        var error: String?
    }
}
