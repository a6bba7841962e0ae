/// An index of a table's entries by content: open addressing, with the hashes beside the indices. The seed differs
/// between processes, so that nobody can write a source whose names or constants all collide. The order of the table
/// never depends on the hashes.
struct ContentIndex: Sendable {
    private struct Slot {
        var hash: UInt64
        /// The index of the entry plus one; 0 is a free slot.
        var entry: UInt32
    }

    /// Empty until the first insertion; then a power of two.
    private var slots: [Slot] = []
    private var count = 0

    /// Bytes of the index, including the larger one if the next insertion rehashes it.
    var byteCount: Int { slots.count * MemoryLayout<Slot>.stride * (count * 2 >= slots.count ? 5 : 1) }

    /// The entry with the given hash for which `matches` is true; nil if there is none.
    @inline(__always)
    func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
        guard count > 0 else { return nil }
        let mask = slots.count &- 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while slots[position].entry != 0 {
            if slots[position].hash == hash, matches(slots[position].entry &- 1) { return slots[position].entry &- 1 }
            position = (position &+ 1) & mask
        }
        return nil
    }

    /// Adds an entry that is not in the index.
    mutating func insert(_ entry: UInt32, _ hash: UInt64) {
        if count &* 2 >= slots.count { grow() }
        count &+= 1
        store(Slot(hash: hash, entry: entry &+ 1))
    }

    private mutating func store(_ slot: Slot) {
        let mask = slots.count &- 1
        var position = Int(truncatingIfNeeded: slot.hash) & mask
        while slots[position].entry != 0 { position = (position &+ 1) & mask }
        slots[position] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(hash: 0, entry: 0), count: max(16, old.count &* 4))
        for slot in old where slot.entry != 0 { store(slot) }
    }
}

extension ContentIndex {
    private static let seed = UInt64.random(in: .min ... .max)

    @inline(__always)
    private static func mix(_ word: UInt64, _ state: UInt64) -> UInt64 {
        let product = (word ^ state).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low &+ state
    }

    static func hash(_ bytes: [UInt8]) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset &+ 8 <= buffer.count {
                state = mix(unsafe buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self), state)
                offset &+= 8
            }
            var rest: UInt64 = 0
            while offset < buffer.count {
                rest = rest &<< 8 | UInt64(unsafe buffer[offset])
                offset &+= 1
            }
            state = mix(rest, state)
        }
        return state
    }

    static func hash(_ constant: Constant) -> UInt64 {
        switch constant {
        case .integer(let number): mix(UInt64(bitPattern: number), seed)
        case .float(let bits): mix(bits, seed &+ 1)
        case .string(let bytes): hash(bytes)
        case .path(let bytes): hash(bytes) &+ 1
        case .global(let symbol): mix(UInt64(symbol), seed &+ 2)
        }
    }

    /// Spans make nearly every shape unique, so hashing the first and last name is enough.
    static func hash(_ shape: Shape) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: shape.names.count)
        for name in [shape.names.first, shape.names.last] {
            guard let name else { continue }
            state = mix(UInt64(name.symbol) &<< 32 | UInt64(name.span?.start ?? 0), state)
        }
        return state
    }
}
