import FoundationEssentials
import NixEval

/// Which attributes of a package set are still to be looked at, and what became of the others. Pure: it is told what
/// slices gave.
///
/// A slice is what one job looks at, in one heap. Each costs the evaluation of the set's common part anew, so there are
/// few and large ones at first, and smaller ones towards the end, so that all workers end together.
struct AttributeQueue {
    typealias Path = [String]

    /// Paths of one job.
    static let maximumSlice = 5_000
    /// Less is not worth a heap of its own: in nixpkgs the common part costs as much as a hundred attributes.
    static let minimumSlice = 64
    /// As many for each worker are not cut further: a second slice would cost more than the workers' unequal ends.
    static let wholeShare = 256

    private var waiting: [Path]
    /// Paths before this index of `waiting` were taken.
    private var first = 0
    /// Slices that are not to be joined with others.
    private var halves: [[Path]] = []
    private let workers: Int
    private(set) var derivations = 0
    private(set) var errors = 0
    private(set) var slicesUnderWay = 0

    /// - Parameter workers: how many jobs run at once.
    init(workers: Int, start: Path = []) {
        self.workers = max(1, workers)
        waiting = [start]
    }

    var waitingCount: Int { waiting.count - first + halves.reduce(0) { $0 + $1.count } }
    var isFinished: Bool { waitingCount == 0 && slicesUnderWay == 0 }

    /// The paths of the next job; nil when none waits.
    mutating func nextSlice() -> [Path]? {
        if let half = halves.popLast() {
            slicesUnderWay += 1
            return half
        }
        let ready = waiting.count - first
        guard ready > 0 else { return nil }
        let idle = max(1, workers - slicesUnderWay)
        let whole = workers == 1 ? ready : min(Self.wholeShare, (ready + idle - 1) / idle)
        let half = (ready + 2 * workers - 1) / (2 * workers)
        let count = min(ready, max(Self.minimumSlice, whole, half), Self.maximumSlice)
        let slice = Array(waiting[first..<(first + count)])
        first += count
        if first > waiting.count / 2 {
            waiting.removeFirst(first)
            first = 0
        }
        slicesUnderWay += 1
        return slice
    }

    /// Takes the lines that a job gave for its slice. Paths it did not come to wait again.
    ///
    /// - Returns: the lines to print: those of derivations and errors.
    /// - Throws: when a line is none of a walk's.
    mutating func finish(_ slice: [Path], lines: [Substring]) throws -> [Substring] {
        slicesUnderWay -= 1
        var printed: [Substring] = []
        let decoder = JSONDecoder()
        for (path, line) in zip(slice, lines) {
            let found = try decoder.decode(Line.self, from: Data(line.utf8))
            if let below = found.attrs {
                waiting += below.map { path + [$0] }
            } else {
                if found.error == nil { derivations += 1 } else { errors += 1 }
                printed.append(line)
            }
        }
        waiting += slice.dropFirst(lines.count)
        return printed
    }

    /// The slice's job could not even look at its first path: that is its error, and the others wait again.
    ///
    /// - Returns: the line to print.
    mutating func fail(_ slice: [Path], _ message: String) -> String {
        slicesUnderWay -= 1
        waiting += slice.dropFirst()
        errors += 1
        let path = slice.first ?? []
        return JSONValue.object([
            ("attr", .bytes(AttributeWalker.joined(path.map { Array($0.utf8) }))),
            ("attrPath", .array(path.map { .string($0) })),
            ("error", .string("error: \(message)")),
        ]).text
    }

    /// The slice's job broke its workers, and which of its paths did it is not known: both halves are tried alone.
    ///
    /// - Returns: the line to print when there was one path only.
    mutating func split(_ slice: [Path], _ message: String) -> String? {
        guard slice.count > 1 else { return fail(slice, message) }
        slicesUnderWay -= 1
        let middle = slice.count / 2
        halves += [Array(slice[..<middle]), Array(slice[middle...])]
        return nil
    }

    /// What is read of a line.
    private struct Line: Decodable {
        var attrs: [String]?
        var error: String?
    }
}
