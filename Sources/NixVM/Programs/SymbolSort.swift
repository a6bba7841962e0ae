/// Sorts the names of a shape or pattern by symbol, in time linear in their number, with looks at the deadline: digit by
/// digit, from the lowest.
struct SymbolSort {
    struct Entry: BitwiseCopyable {
        var symbol: UInt32
        /// Which name it is.
        var place: UInt32
    }

    private(set) var entries: [Entry] = []

    private static let digitBits: UInt32 = 11
    /// Entries that are moved between two looks at the deadline.
    private static let blockSize = 1 << 14

    init(_ count: Int) { entries.reserveCapacity(count) }

    mutating func append(symbol: UInt32, place: Int) {
        entries.append(Entry(symbol: symbol, place: UInt32(truncatingIfNeeded: place)))
    }

    /// - Parameter symbolCount: every symbol is below it.
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

    /// Names mostly come in the order in which their symbols were given out.
    private var isSorted: Bool { zip(entries, entries.dropFirst()).allSatisfy { $0.symbol <= $1.symbol } }

    private static let fewEntries = 512

    private static func digit(_ entry: Entry, _ shift: UInt32) -> Int {
        Int(entry.symbol >> shift & (1 << digitBits - 1))
    }

    /// Where the entries with each digit begin.
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
