/// Sorts the names of a shape or pattern by symbol. This is a radix sort from the lowest digit, which takes linear time
/// and polls.
struct SymbolSort {
    struct Entry: BitwiseCopyable {
        var symbol: UInt32
        /// The index of the name.
        var index: UInt32
    }

    private(set) var entries: [Entry] = []

    private static let digitBits: UInt32 = 11
    /// The number of entries that are moved between two polls.
    private static let blockSize = 1 << 14

    init(_ count: Int) { entries.reserveCapacity(count) }

    mutating func append(symbol: UInt32, index: Int) {
        entries.append(Entry(symbol: symbol, index: UInt32(truncatingIfNeeded: index)))
    }

    /// - Parameter symbolCount: All symbols are less than this.
    mutating func sort(symbolCount: Int, _ budget: inout LoadBudget) throws(EvalFailure) {
        if isSorted { return }
        if entries.count <= Self.fewEntries { return entries.sort { $0.symbol < $1.symbol } }
        var other = entries
        var shift: UInt32 = 0
        while shift < 32, symbolCount >> Int(shift) > 0 {
            var starts = starts(shift)
            for first in stride(from: 0, to: entries.count, by: Self.blockSize) {
                for entry in entries[first..<min(first + Self.blockSize, entries.count)] {
                    let digit = Self.digit(entry, shift)
                    other[starts[digit]] = entry
                    starts[digit] += 1
                }
                try budget.work(LoadBudget.pollInterval)
            }
            swap(&entries, &other)
            shift += Self.digitBits
        }
    }

    /// Names mostly come in the order in which their symbols were assigned.
    private var isSorted: Bool { zip(entries, entries.dropFirst()).allSatisfy { $0.symbol <= $1.symbol } }

    private static let fewEntries = 512

    private static func digit(_ entry: Entry, _ shift: UInt32) -> Int {
        Int(entry.symbol >> shift & (1 << digitBits - 1))
    }

    /// The index at which the entries with each digit begin.
    private func starts(_ shift: UInt32) -> [Int] {
        var starts = [Int](repeating: 0, count: 1 << Int(Self.digitBits))
        for entry in entries { starts[Self.digit(entry, shift)] += 1 }
        var next = 0
        for digit in starts.indices {
            let count = starts[digit]
            starts[digit] = next
            next += count
        }
        return starts
    }
}
