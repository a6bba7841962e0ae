import Glibc

/// A hash table from words that are not 0 to trivial elements, with open addressing. This value is its only owner.
struct WordTable<Element: BitwiseCopyable>: ~Copyable {
    private struct Slot: BitwiseCopyable {
        /// The word; 0 if the slot is free.
        var key: UInt64
        var element: Element
    }

    private var slots: UnsafeMutablePointer<Slot>?
    private var mask = -1
    private(set) var count = 0

    private static var firstCapacity: Int { 64 }

    deinit { slots?.deallocate() }

    /// The element of a key; nil if there is none.
    @inline(__always)
    func find(_ key: UInt64) -> Element? {
        guard let slots else { return nil }
        var place = Self.hash(key) & mask
        while slots[place].key != key {
            if slots[place].key == 0 { return nil }
            place = (place &+ 1) & mask
        }
        return slots[place].element
    }

    /// Sets the element of a key.
    mutating func set(_ key: UInt64, _ element: Element) {
        // At least half of the slots are free, so that searches are short and end.
        if (count &+ 1) &* 2 > mask &+ 1 { grow() }
        guard let slots else { return }
        var place = Self.hash(key) & mask
        while slots[place].key != key, slots[place].key != 0 { place = (place &+ 1) & mask }
        if slots[place].key == 0 { count &+= 1 }
        slots[place] = Slot(key: key, element: element)
    }

    func forEach<Failure>(_ body: (UInt64, Element) throws(Failure) -> Void) throws(Failure) {
        guard let slots else { return }
        for place in 0...mask where slots[place].key != 0 { try body(slots[place].key, slots[place].element) }
    }

    /// The keys are addresses and numbers that follow one another, which a multiplication spreads.
    @inline(__always)
    private static func hash(_ key: UInt64) -> Int {
        let product = key.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low)
    }

    private mutating func grow() {
        let (old, oldMask) = (slots, mask)
        let capacity = max(Self.firstCapacity, 2 &* (mask &+ 1))
        let larger = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
        memset(larger, 0, capacity * MemoryLayout<Slot>.stride)
        slots = larger
        mask = capacity - 1
        guard let old else { return }
        for place in 0...oldMask where old[place].key != 0 {
            var new = Self.hash(old[place].key) & mask
            while larger[new].key != 0 { new = (new &+ 1) & mask }
            larger[new] = old[place]
        }
        old.deallocate()
    }
}
