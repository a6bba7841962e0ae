/// Gives each name one number, in the order of first appearance.
struct SymbolTable {
    private struct Entry {
        var hash: UInt64
        var start: Int
        var count: Int
    }

    /// All names, end to end.
    private var names: [UInt8] = []
    private var entries: [Entry] = []
    /// Index into `entries` plus one; 0 is free. The count is a power of two.
    private var slots = [UInt32](repeating: 0, count: 256)
    private let seed = NameHash.seed

    var count: Int { entries.count }

    mutating func intern(_ name: UnsafeBufferPointer<UInt8>) -> SymbolID {
        let hash = unsafe NameHash.hash(name, seed: seed)
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let index = slots[slot] &- 1
            if entries[Int(index)].hash == hash, unsafe matches(entries[Int(index)], name) { return SymbolID(index) }
            slot = (slot &+ 1) & mask
        }
        let index = UInt32(truncatingIfNeeded: entries.count)
        entries.append(Entry(hash: hash, start: names.count, count: name.count))
        unsafe names.append(contentsOf: name)
        slots[slot] = index &+ 1
        if entries.count &* 2 > slots.count { grow() }
        return SymbolID(index)
    }

    mutating func intern(_ name: [UInt8]) -> SymbolID {
        unsafe name.withUnsafeBufferPointer { unsafe intern($0) }
    }

    private func matches(_ entry: Entry, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard entry.count == name.count else { return false }
        for index in 0..<name.count where names[entry.start &+ index] != (unsafe name[index]) { return false }
        return true
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count &* 2)
        let mask = slots.count &- 1
        for index in entries.indices {
            var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
            while slots[slot] != 0 { slot = (slot &+ 1) & mask }
            slots[slot] = UInt32(truncatingIfNeeded: index) &+ 1
        }
    }

    func bytes(of symbol: SymbolID) -> [UInt8] {
        let entry = entries[Int(symbol.rawValue)]
        return Array(names[entry.start..<entry.start + entry.count])
    }

    /// Every name, in the order of the numbers.
    func all() -> [[UInt8]] {
        entries.map { Array(names[$0.start..<$0.start + $0.count]) }
    }
}
