import ByteCounting
import Glibc

/// Interns names: a name's symbol is its index in the order of first appearance.
struct SymbolTable {
    private let source: SourceBytes
    private(set) var names = TextTable()
    private var hashes: [UInt32] = []
    /// An open-addressed hash table. A slot holds the index of a name plus one; 0 is a free slot. The count is a power
    /// of two.
    private var slots: [UInt32]
    private let seed = NameHash.seed

    init(_ source: SourceBytes) {
        self.source = source
        // Nix code has about one new name in 80 bytes.
        var size = 64
        while size < min(source.count / 64, 1 << 16) { size &*= 2 }
        slots = [UInt32](repeating: 0, count: size)
    }

    var count: Int { hashes.count }

    /// Bytes that the tables take while `more` names are added, see `Array.byteCount(adding:)`.
    func byteCount(adding more: Int) -> Int {
        let isFull = (hashes.count &+ more) &* 2 > slots.count
        return names.byteCount(adding: more) &+ hashes.byteCount(adding: more)
            &+ slots.byteCount(adding: isFull ? slots.count : 0)
    }

    /// Frees the hash table. No name can be added afterwards.
    mutating func releaseIndex() {
        slots = []
        hashes = []
    }

    /// Interns the source bytes from `start` to `end`.
    mutating func intern(_ start: Int, _ end: Int) -> SymbolID {
        let (slot, hash) = unsafe find(source.pointer(start), end &- start)
        if slots[slot] != 0 { return SymbolID(slots[slot] &- 1) }
        names.append(source: start, end)
        return add(hash, slot)
    }

    mutating func intern(_ name: [UInt8]) -> SymbolID {
        let (slot, hash) = unsafe name.withUnsafeBufferPointer { buffer in
            // An empty array may have no address, and no byte is read through this one.
            unsafe find(buffer.baseAddress ?? source.pointer(0), buffer.count)
        }
        if slots[slot] != 0 { return SymbolID(slots[slot] &- 1) }
        names.append(name)
        return add(hash, slot)
    }

    /// The slot of a name, or the free slot where it belongs.
    @inline(__always)
    private func find(_ name: UnsafePointer<UInt8>, _ count: Int) -> (slot: Int, hash: UInt32) {
        let hash = UInt32(truncatingIfNeeded: unsafe NameHash.hash(name, count, seed: seed))
        let mask = slots.count &- 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot] &- 1)
            if hashes[index] == hash, unsafe matches(names.entries[index], name, count) { break }
            slot = (slot &+ 1) & mask
        }
        return (slot, hash)
    }

    @inline(__always)
    private func matches(_ entry: TextTable.Entry, _ name: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        guard entry.count == count else { return false }
        let start = Int(entry.start)
        guard entry.isStored else { return unsafe memcmp(source.pointer(start), name, count) == 0 }
        for index in 0..<count where names.storage[start &+ index] != (unsafe name[index]) { return false }
        return true
    }

    private mutating func add(_ hash: UInt32, _ slot: Int) -> SymbolID {
        let index = UInt32(truncatingIfNeeded: hashes.count)
        hashes.append(hash)
        slots[slot] = index &+ 1
        if hashes.count &* 2 > slots.count { grow() }
        return SymbolID(index)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count &* 2)
        let mask = slots.count &- 1
        for index in hashes.indices {
            var slot = Int(hashes[index]) & mask
            while slots[slot] != 0 { slot = (slot &+ 1) & mask }
            slots[slot] = UInt32(truncatingIfNeeded: index) &+ 1
        }
    }

    func bytes(of symbol: SymbolID) -> [UInt8] {
        unsafe names.withBytes(Int(symbol.rawValue), source) { unsafe Array($0) }
    }
}
