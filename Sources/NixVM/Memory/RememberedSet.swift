/// The slots outside the nursery that may refer into it. They are roots of a minor collection.
///
/// The set has a fixed capacity. When it is full it drops entries and records that it is incomplete; then the next
/// collection is a full one, which needs no such roots.
struct RememberedSet: BitwiseCopyable {
    /// Addresses of slots. An address with its lowest bit set is that of a whole array.
    private let entries: UnsafeMutablePointer<UInt>
    private(set) var count = 0
    /// Whether the set has dropped nothing since the last collection.
    private(set) var isComplete = true

    /// The number of entries after which a collection is due. The entries of one grant of fuel may come on top.
    static let limit = 1 << 17
    /// The number of entries that there is room for. One grant of fuel adds fewer than the difference to `limit`.
    static let capacity = limit + 2 * Machine.grantUnits

    /// - Parameter entries: Memory for `capacity` entries.
    init(_ entries: UnsafeMutablePointer<UInt>) { self.entries = entries }

    var byteCount: Int { count &* 8 }
    var isFull: Bool { count > RememberedSet.limit }

    /// Adds an entry. The result is false when there is no room.
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

    /// Empties the set and clears the flags of its arrays. It must run before the arrays move.
    mutating func forgetAll() {
        for index in 0..<count {
            guard self[index] & 1 != 0, let array = Object(bitPattern: self[index] & ~1) else { continue }
            array[0] &= ~Object.rememberedFlag
        }
        count = 0
        isComplete = true
    }
}

/// The write barrier. It is used when a thunk gets its value and whenever an object may be older than the value stored
/// in it.
extension Interpreter {
    /// Whether an address lies in the nursery.
    @inline(__always)
    func isYoung(_ address: UInt) -> Bool {
        address &- UInt(bitPattern: state.pointee.heap.nursery) < UInt(bitPattern: state.pointee.heap.spaceSize)
    }

    /// Whether a slot belongs to an object of the old space. A slot of the stack does not.
    @inline(__always)
    func isOld(_ slot: Slot) -> Bool {
        UInt(bitPattern: slot) &- UInt(bitPattern: state.pointee.heap.objects)
            < UInt(bitPattern: state.pointee.heap.spaceSize) || isInImage(UInt(bitPattern: slot))
    }

    /// Whether an address lies among the objects of the image.
    @inline(__always)
    func isInImage(_ address: UInt) -> Bool {
        address &- UInt(bitPattern: state.pointee.heap.imageObjects) < UInt(bitPattern: state.pointee.heap.imageBytes)
    }

    /// Stores a value in a slot of an object of any age.
    @inline(__always)
    func write(_ value: Value, to slot: Slot) {
        slot.pointee = value
        if isInImage(UInt(bitPattern: slot)) { noteImageWrite(slot) }
        if isYoung(UInt(value.bits)), !isYoung(UInt(bitPattern: slot)) { remember(slot) }
    }

    /// Adds a slot outside the nursery to the remembered set. Slots of the stack are roots anyway and are not added.
    @inline(never)
    func remember(_ slot: Slot) {
        if isOld(slot) { _ = state.pointee.remembered.append(UInt(bitPattern: slot)) }
    }

    /// Adds an array to the remembered set if it has left the nursery. It must be called after each write into an
    /// array.
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
                slot.pointee = collector.visit(slot.pointee)
            } else if let array = Object(bitPattern: entry & ~1) {
                _ = collector.scan(array)
            }
        }
        state.pointee.remembered.forgetAll()
    }
}
