/// The state of one collection: Cheney's copying, out of one range of addresses.
struct Collector {
    /// What lies outside this range stays where it is.
    let from: UInt
    let extent: UInt
    var free: UnsafeMutableRawPointer
    /// Told which of them are in use.
    let failures: KeptFailures
    /// Why the evaluation must stop now, if it must.
    private let stop: StopCondition
    /// The evaluation must stop, and so the collection did: what was moved is of no use, nor what was not.
    private(set) var isAbandoned = false

    /// Bytes that are moved between two looks at deadline and cancellation: less than a millisecond's work.
    private static let blockBytes = 1 << 20

    init(
        from: UnsafeMutableRawPointer, extent: Int, free: UnsafeMutableRawPointer, failures: KeptFailures,
        stop: StopCondition
    ) {
        self.stop = stop
        self.from = UInt(bitPattern: from)
        self.extent = UInt(bitPattern: extent)
        self.free = free
        self.failures = failures
    }

    @inline(__always)
    func isInside(_ address: UInt) -> Bool { address &- from < extent }

    /// The object's new address, moving it if this is the first visit.
    @inline(__always)
    mutating func moved(_ object: Object) -> Object {
        if UInt(bitPattern: object) &- from >= extent { return object }
        return movedInside(object)
    }

    @inline(__always)
    private mutating func movedInside(_ object: Object) -> Object {
        let header = object[0]
        if header & 0xFF == Kind.forward { return Object(bitPattern: UInt(header &>> 8)).unsafelyUnwrapped }
        let size = object.size
        let copy = free.assumingMemoryBound(to: UInt64.self)
        copy[0] = header
        var index = 1
        while index < size {
            copy[index] = object[index]
            index &+= 1
        }
        free += size &* 8
        object[0] = UInt64(UInt(bitPattern: copy)) &<< 8 | Kind.forward
        return copy
    }

    /// The value with its object moved; a thunk that has its value is replaced by it.
    @inline(__always)
    mutating func moved(_ value: Value) -> Value {
        // An integer or an immediate can look like an address here.
        if UInt(value.bits) &- from >= extent || !value.isObject { return value }
        var value = value
        if value.isThunk {
            let object = value.object
            if object.kind == Kind.indirection {
                value = Value(bits: object[1])
                if UInt(value.bits) &- from >= extent || !value.isObject { return value }
            }
        }
        return Value(value.tag, movedInside(value.object))
    }

    @inline(__always)
    mutating func copy(from slots: Slot, count: Int) {
        var slot = slots
        let end = slots + count
        while slot < end {
            slot.pointee = moved(slot.pointee)
            slot += 1
        }
    }

    /// Visits every object moved so far, and those it moves, until none is left or the evaluation must stop.
    mutating func scan(from start: UnsafeMutableRawPointer) {
        var next = start
        var poll = start + Self.blockBytes
        while next < free {
            if _slowPath(next >= poll) {
                poll = next + Self.blockBytes
                if stop.cause != nil {
                    isAbandoned = true
                    return
                }
            }
            let object = next.assumingMemoryBound(to: UInt64.self)
            let size = object.size
            scan(object)
            next += size &* 8
        }
    }

    @inline(__always)
    mutating func scan(_ object: Object) {
        switch object.kind {
        case Kind.thunk, Kind.blackhole, Kind.closure, Kind.partial:
            copy(from: object.values, count: object.captureCount)
        case Kind.indirection: copy(from: object.values, count: 1)
        case Kind.list, Kind.array: copy(from: object.values, count: object.field)
        case Kind.attributes: copy(from: object.values, count: 1 &+ object.field)
        case Kind.layout: copy(from: object.values, count: 1)
        case Kind.string: if object.hasContext { copy(from: object.contextSlot, count: 1) }
        case Kind.withLink: copy(from: object.values, count: 2)
        case Kind.failed: failures.noteUse(FailureReference(object.values.pointee))
        default: break
        }
    }

    /// Where an object is now; nil when nothing refers to it.
    func survivor(_ address: UInt) -> UInt? {
        if address &- from >= extent { return address }
        guard let object = Object(bitPattern: address) else { return nil }
        return object.kind == Kind.forward ? UInt(object[0] &>> 8) : nil
    }
}
