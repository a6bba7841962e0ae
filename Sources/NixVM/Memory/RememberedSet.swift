/// What was written outside the nursery and may refer into it: the collector's other roots when it empties the nursery.
///
/// It has a fixed size. Once it is full it forgets what comes, and says so: then the next collection moves everything,
/// which needs no such roots.
struct RememberedSet: BitwiseCopyable {
    /// Addresses of slots, and of whole arrays with the lowest bit set.
    private let entries: UnsafeMutablePointer<UInt>
    private(set) var count = 0
    /// Whether it has forgotten nothing since the last collection.
    private(set) var isComplete = true

    /// So many entries are kept between collections at most, but for those of one grant of fuel.
    static let most = 1 << 17
    /// Entries that there is room for: those of one grant of fuel beyond `most`.
    static let capacity = most + 2 * Machine.grantUnits

    /// - Parameter entries: room for `capacity` of them.
    init(_ entries: UnsafeMutablePointer<UInt>) { self.entries = entries }

    var byteCount: Int { count &* 8 }
    var isFull: Bool { count > RememberedSet.most }

    /// Notes an address; false when there is no room.
    mutating func append(_ entry: UInt) -> Bool {
        if count == RememberedSet.capacity {
            isComplete = false
            return false
        }
        entries[count] = entry
        count &+= 1
        return true
    }

    subscript(index: Int) -> UInt { entries[index] }

    /// Forgets the slots and arrays; of the arrays before they move.
    mutating func forgetAll() {
        for index in 0..<count {
            guard self[index] & 1 != 0, let array = Object(bitPattern: self[index] & ~1) else { continue }
            array[0] &= ~Object.rememberedFlag
        }
        count = 0
        isComplete = true
    }
}

/// Writing where the collector must learn of it: thunks that get their value, and whatever else may be older than what
/// is put into it.
extension Interpreter {
    /// Whether an object or value lies in the nursery.
    @inline(__always)
    func isYoung(_ address: UInt) -> Bool {
        address &- UInt(bitPattern: state.pointee.heap.nursery) < UInt(bitPattern: state.pointee.heap.spaceSize)
    }

    /// Whether a slot belongs to an object that has left the nursery, and not to the stack.
    @inline(__always)
    func isOld(_ slot: Slot) -> Bool {
        let offset = UInt(bitPattern: slot) &- UInt(bitPattern: state.pointee.heap.first)
        return offset < 3 * UInt(bitPattern: state.pointee.heap.spaceSize) && !isYoung(UInt(bitPattern: slot))
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
        if isOld(slot) { _ = state.pointee.remembered.append(UInt(bitPattern: slot)) }
    }

    /// Call after writing into an array: it may have left the nursery.
    @inline(__always)
    func noteWrite(_ array: Object) {
        if isYoung(UInt(bitPattern: array)) || array[0] & Object.rememberedFlag != 0 { return }
        if state.pointee.remembered.append(UInt(bitPattern: array) | 1) { array[0] |= Object.rememberedFlag }
    }

    func moveRemembered(_ collector: inout Collector) {
        for index in 0..<state.pointee.remembered.count {
            let entry = state.pointee.remembered[index]
            if entry & 1 == 0 {
                guard let slot = Slot(bitPattern: entry) else { continue }
                slot.pointee = collector.moved(slot.pointee)
            } else if let array = Object(bitPattern: entry & ~1) {
                collector.scan(array)
            }
        }
        state.pointee.remembered.forgetAll()
    }
}
