/// Keys of a set in the order of its layout, with what belongs to each.
struct KeySorter {
    private struct Entry {
        var symbol: UInt32
        var item: Int
    }

    private var entries: ContiguousArray<Entry> = []

    /// Bytes beside the heap that a key takes while keys are sorted and their layout is made.
    static let bytesPerKey = 2 * MemoryLayout<Entry>.stride + MemoryLayout<LayoutEntry>.stride

    init(count: Int) { entries.reserveCapacity(count) }

    mutating func add(_ symbol: UInt32, item: Int) { entries.append(Entry(symbol: symbol, item: item)) }

    /// Sorts by symbol, and equal ones as they were added: a unit for every four comparisons. False with `failure` set.
    mutating func sort(_ interpreter: Interpreter) -> Bool {
        var comparisons = 0
        do {
            try entries.sort { a, b in
                comparisons &+= 1
                if comparisons & 3 == 0, !interpreter.charge(1) { throw Stop() }
                return (a.symbol, a.item) < (b.symbol, b.item)
            }
            return true
        } catch {
            return false
        }
    }

    private struct Stop: Error {}

    /// The items in order.
    var items: some Collection<Int> { entries.lazy.map { $0.item } }

    /// Keeps the last of equal symbols. `place` is told for each item the place of its key.
    mutating func unite(_ place: (_ item: Int, _ place: Int) -> Void) {
        var count = 0
        for entry in entries {
            if count > 0, entries[count - 1].symbol == entry.symbol { count -= 1 }
            entries[count] = entry
            place(entry.item, count)
            count += 1
        }
        entries.removeLast(entries.count - count)
    }

    /// A layout of the keys; `Size.layout` reserved.
    func makeLayout(_ interpreter: Interpreter) -> Object {
        interpreter.makeLayout(entries.map { LayoutEntry($0.symbol, 0) })
    }
}
