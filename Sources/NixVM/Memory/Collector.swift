/// The state of a minor collection, which copies live objects out of the nursery (Cheney's algorithm).
struct Collector: ReferenceVisitor {
    /// The collector moves only objects in the `extent` bytes from this address.
    let from: UInt
    let extent: UInt
    var free: UnsafeMutableRawPointer
    /// The table of caught failures, which learns here which of its entries are still in use.
    let failures: CaughtFailures
    /// This tells why the evaluation must stop now, if it must.
    private let stop: StopCondition
    /// The collection stopped halfway because the evaluation must stop. The heap is unusable from then on, since some
    /// of its references were updated and others were not.
    private(set) var isAbandoned = false

    /// The number of bytes scanned between two polls of deadline and cancellation. They take less than a millisecond.
    private static let blockBytes = 1 << 20

    init(
        from: UnsafeMutableRawPointer, extent: Int, free: UnsafeMutableRawPointer, failures: CaughtFailures,
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

    /// The new address of the object, which is copied if this is the first visit.
    @inline(__always)
    mutating func visit(_ object: Object) -> Object {
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

    /// The value with its object moved. An indirection is replaced by the value it refers to, and so is a union that
    /// has been flattened.
    @inline(__always)
    mutating func visit(_ value: Value) -> Value {
        // The bits of an integer or an immediate can look like an address in the range.
        if UInt(value.bits) &- from >= extent || !value.isObject { return value }
        var value = value
        if value.isThunk {
            let object = value.object
            if object.kind == Kind.indirection {
                value = Value(bits: object[1])
                if UInt(value.bits) &- from >= extent || !value.isObject { return value }
            }
        }
        if value.isAttributes, value.object.kind == Kind.flattened {
            value = Value(bits: value.object[1])
            if UInt(value.bits) &- from >= extent { return value }
        }
        return Value(value.tag, movedInside(value.object))
    }

    /// Scans every object copied so far and those copied meanwhile, until none is left or the evaluation must stop.
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
            next += scan(object) &* 8
        }
    }

    /// Visits the references of an object. The result is the number of its words.
    @inline(__always)
    mutating func scan(_ object: Object) -> Int {
        if object.kind == Kind.failed { failures.noteUse(FailureReference(object.values.pointee)) }
        let shape = object.shape
        visit(object.references(shape), count: shape.references)
        return shape.words
    }

    /// The current address of an object. The result is nil when nothing refers to it.
    func survivor(_ address: UInt) -> UInt? {
        if address &- from >= extent { return address }
        guard let object = Object(bitPattern: address) else { return nil }
        return object.kind == Kind.forward ? UInt(object[0] &>> 8) : nil
    }
}
