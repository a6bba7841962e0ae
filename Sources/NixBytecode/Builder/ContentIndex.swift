/// Finds entries of a table by their content: open addressing over indices, with hashes kept beside them. The seed
/// differs by process, so that no source can be made whose names or constants all collide; the order of a table never
/// depends on it.
struct ContentIndex: Sendable {
    private struct Slot {
        var hash: UInt64
        /// Index plus one; 0 is free.
        var entry: UInt32
    }

    /// Empty until the first entry; else a power of two.
    private var slots: [Slot] = []
    private var count = 0

    /// Bytes of the table, old places included while it grows.
    var byteCount: Int { slots.count * MemoryLayout<Slot>.stride * (count * 2 >= slots.count ? 5 : 1) }

    /// The entry with this hash for which `matches` holds.
    @inline(__always)
    func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
        guard count > 0 else { return nil }
        let mask = slots.count &- 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place].entry != 0 {
            if slots[place].hash == hash, matches(slots[place].entry &- 1) { return slots[place].entry &- 1 }
            place = (place &+ 1) & mask
        }
        return nil
    }

    /// Adds an entry that is not there.
    mutating func insert(_ entry: UInt32, _ hash: UInt64) {
        if count &* 2 >= slots.count { grow() }
        count &+= 1
        place(Slot(hash: hash, entry: entry &+ 1))
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count &- 1
        var place = Int(truncatingIfNeeded: slot.hash) & mask
        while slots[place].entry != 0 { place = (place &+ 1) & mask }
        slots[place] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(hash: 0, entry: 0), count: max(16, old.count &* 4))
        for slot in old where slot.entry != 0 { place(slot) }
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

    /// Spans make nearly every shape unique, so that its ends tell it apart.
    static func hash(_ shape: Shape) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: shape.names.count)
        for name in [shape.names.first, shape.names.last] {
            guard let name else { continue }
            state = mix(UInt64(name.symbol) &<< 32 | UInt64(name.span?.start ?? 0), state)
        }
        return state
    }
}
