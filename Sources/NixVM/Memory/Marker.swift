/// The first phase of a full collection, which marks everything alive. References to a forced thunk are replaced by its
/// value on the way.
///
/// Objects are visited depth first, with a stack of their own that holds the objects not visited to the end. An object
/// that leads to one other object only, as a link of a list does, is not held there. When the stack is full, an object is
/// left half visited, and visited again when the stack is empty. So memory is bounded whatever the shape of the data.
struct Marker: ReferenceVisitor {
    /// An object whose references before `slot` were visited.
    struct Pending: BitwiseCopyable {
        var object: Object
        var slot: Slot
    }

    private let marks: MarkTable
    private let stack: UnsafeMutablePointer<Pending>
    private let capacity: Int
    private var depth = 0
    /// The lowest address of an object that was left half visited, or the highest address if there is none.
    private var lowestUnfinished = UInt.max
    /// The table of caught failures, which learns here which of its entries are still in use.
    private let failures: CaughtFailures
    private let stop: StopCondition
    /// The words that may be marked until deadline and cancellation are polled. They take less than a millisecond or two.
    private var wordsToPoll = Marker.pollWords
    /// Marking stopped because the evaluation must stop.
    private(set) var isAbandoned = false

    private static let pollWords = 1 << 16
    /// The capacity of the stack for a small heap.
    private static let leastCapacity = 1 << 10

    init(_ heap: Heap, heapBytes: Int, failures: CaughtFailures, stop: StopCondition) {
        marks = heap.marks
        stack = heap.markStack
        capacity = Self.capacity(heapBytes: heapBytes)
        self.failures = failures
        self.stop = stop
    }

    /// The number of entries of the stack, which take a sixty-fourth part of what the heap holds.
    private static func capacity(heapBytes: Int) -> Int {
        max(leastCapacity, heapBytes / 64 / MemoryLayout<Pending>.stride)
    }

    /// The bytes of the stack that marking so many bytes may take.
    static func stackBytes(heapBytes: Int) -> Int { capacity(heapBytes: heapBytes) * MemoryLayout<Pending>.stride }

    @inline(__always)
    func isInside(_ address: UInt) -> Bool { marks.isInside(address) }

    @inline(__always)
    func survivor(_ address: UInt) -> UInt? { !isInside(address) || marks.isMarked(address) ? address : nil }

    @inline(__always)
    mutating func visit(_ object: Object) -> Object {
        if isInside(UInt(bitPattern: object)), !marks.isMarked(UInt(bitPattern: object)) {
            let shape = object.shape
            mark(object, shape)
            visitReferences(of: object, shape)
        }
        return object
    }

    @inline(__always)
    mutating func visit(_ value: Value) -> Value {
        guard let object = referenced(value) else { return value }
        let seen = resolved(value, object)
        if let object = referenced(seen) { _ = visit(object) }
        return seen
    }

    /// The object of a value, if it has one that this collection moves.
    @inline(__always)
    private func referenced(_ value: Value) -> Object? {
        // The bits of an integer or an immediate can look like an address in the range.
        isInside(UInt(value.bits)) && value.isObject ? value.object : nil
    }

    /// The value that a forced thunk has, the set that a union was flattened to, or the value itself.
    @inline(__always)
    private func resolved(_ value: Value, _ object: Object) -> Value {
        let kind = object.kind
        if value.isThunk { return kind == Kind.indirection ? Value(bits: object[1]) : value }
        return value.isAttributes && kind == Kind.flattened ? Value(bits: object[1]) : value
    }

    @inline(__always)
    private mutating func mark(_ object: Object, _ shape: ObjectShape) {
        marks.mark(object, words: shape.words)
        if object.kind == Kind.failed { failures.noteUse(FailureReference(object.values.pointee)) }
        wordsToPoll &-= shape.words
    }

    /// Visits what is reachable from a marked object.
    private mutating func visitReferences(of root: Object, _ shape: ObjectShape) {
        let bottom = depth
        var object = root
        var slot = root.references(shape)
        var end = slot + shape.references
        while true {
            if _slowPath(wordsToPoll < 0), mustStop() { return }
            if let (child, shape) = next(object, slot, end) {
                object = child
                slot = child.references(shape)
                end = slot + shape.references
            } else if depth > bottom {
                depth &-= 1
                object = stack[depth].object
                slot = stack[depth].slot
                let shape = object.shape
                end = object.references(shape) + shape.references
            } else {
                return
            }
        }
    }

    /// Visits the references in a range of slots, until two lead to objects that have references themselves. The first of
    /// these is the result. From the second one on the slots are put on the stack.
    @inline(__always)
    private mutating func next(_ object: Object, _ start: Slot, _ end: Slot) -> (Object, ObjectShape)? {
        var child: (Object, ObjectShape)?
        var slot = start
        while slot < end {
            defer { slot += 1 }
            guard let first = referenced(slot.pointee) else { continue }
            let seen = resolved(slot.pointee, first)
            slot.pointee = seen
            guard let target = referenced(seen), !marks.isMarked(UInt(bitPattern: target)) else { continue }
            let shape = target.shape
            if leadsNowhere(target, shape) {
                mark(target, shape)
            } else if child == nil {
                mark(target, shape)
                child = (target, shape)
            } else {
                push(Pending(object: object, slot: slot))
                break
            }
        }
        return child
    }

    /// Whether an object refers to nothing that must still be visited, as far as that is quickly found out.
    @inline(__always)
    private func leadsNowhere(_ object: Object, _ shape: ObjectShape) -> Bool {
        guard shape.references <= 3 else { return false }
        let slots = object.references(shape)
        for index in 0..<shape.references {
            guard let first = referenced(slots[index]) else { continue }
            slots[index] = resolved(slots[index], first)
            if let target = referenced(slots[index]), !marks.isMarked(UInt(bitPattern: target)) { return false }
        }
        return true
    }

    @inline(__always)
    private mutating func push(_ pending: Pending) {
        if depth < capacity {
            stack[depth] = pending
            depth &+= 1
        } else {
            lowestUnfinished = min(lowestUnfinished, UInt(bitPattern: pending.object))
        }
    }

    /// Visits the objects that were left half visited, with those above them, until there are none.
    ///
    /// - Parameter spaces: The ranges of addresses with objects, in ascending order.
    mutating func finish(_ spaces: [Range<UInt>]) {
        while lowestUnfinished != .max, !isAbandoned {
            let lowest = lowestUnfinished
            lowestUnfinished = .max
            for space in spaces where space.upperBound > lowest {
                var address = max(lowest, space.lowerBound)
                while let object = marks.firstMarked(from: address, to: space.upperBound), !isAbandoned {
                    let shape = object.shape
                    visitReferences(of: object, shape)
                    wordsToPoll &-= 4
                    address = UInt(bitPattern: object + shape.words)
                }
            }
        }
    }

    @inline(never)
    private mutating func mustStop() -> Bool {
        if !isAbandoned, stop.cause != nil { isAbandoned = true }
        // The count stays negative, so that no other object is visited.
        if !isAbandoned { wordsToPoll = Self.pollWords }
        return isAbandoned
    }
}
