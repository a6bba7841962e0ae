/// What was written outside the nursery and may refer into it: the collector's other roots when it empties the nursery.
struct Remembered {
    /// Addresses of slots, and of whole arrays with the lowest bit set.
    private var entries = GrowingTable<UInt>(capacity: 1 << 10)
    /// So many entries are kept between collections at most, but for those of a slice of fuel.
    static let most = 1 << 17

    func release() { entries.release() }

    var count: Int { entries.count }
    var byteCount: Int { count &* 8 }
    var isFull: Bool { count > Remembered.most }

    mutating func append(_ entry: UInt) { entries.append(entry) }

    subscript(index: Int) -> UInt { entries.base[index] }

    /// Forgets the slots and arrays; of the arrays before they move.
    mutating func forgetAll() {
        for index in 0..<count {
            guard self[index] & 1 != 0, let array = Object(bitPattern: self[index] & ~1) else { continue }
            array[0] &= ~Object.rememberedFlag
        }
        entries.removeAll()
    }
}

/// Writing where the collector must learn of it: thunks that get their value, and whatever else may be older than what
/// is put into it.
extension VM {
    /// Whether an object or value lies in the nursery.
    @inline(__always)
    func isYoung(_ address: UInt) -> Bool {
        address &- UInt(bitPattern: s.pointee.heap.nursery) < UInt(bitPattern: s.pointee.heap.spaceSize)
    }

    /// Whether a slot belongs to an object that has left the nursery, and not to the stack.
    @inline(__always)
    func isOld(_ slot: Slot) -> Bool {
        let offset = UInt(bitPattern: slot) &- UInt(bitPattern: s.pointee.heap.first)
        return offset < 3 * UInt(bitPattern: s.pointee.heap.spaceSize) && !isYoung(UInt(bitPattern: slot))
    }

    /// Puts a value into a slot of an object of any age.
    @inline(__always)
    func write(_ value: Value, to slot: Slot) {
        slot.pointee = value
        if isYoung(UInt(value.bits)), !isYoung(UInt(bitPattern: slot)) { remember(slot) }
    }

    /// Notes a slot outside the nursery that may refer into it; of the stack's nothing needs to be noted.
    @inline(never)
    func remember(_ slot: Slot) {
        if isOld(slot) { s.pointee.remembered.append(UInt(bitPattern: slot)) }
    }

    /// Call after writing into an array: it may have left the nursery.
    @inline(__always)
    func noteWrite(_ array: Object) {
        if isYoung(UInt(bitPattern: array)) || array[0] & Object.rememberedFlag != 0 { return }
        array[0] |= Object.rememberedFlag
        s.pointee.remembered.append(UInt(bitPattern: array) | 1)
    }

    func moveRemembered(_ collector: inout Collector) {
        for index in 0..<s.pointee.remembered.count {
            let entry = s.pointee.remembered[index]
            if entry & 1 == 0 {
                guard let slot = Slot(bitPattern: entry) else { continue }
                slot.pointee = collector.moved(slot.pointee)
            } else if let array = Object(bitPattern: entry & ~1) {
                collector.scan(array)
            }
        }
        s.pointee.remembered.forgetAll()
    }
}
