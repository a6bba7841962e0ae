import Glibc

/// The second phase of a full collection. It moves live objects down to the start of the old space, in the order of their
/// addresses, and replaces references by new addresses.
struct Compactor: ReferenceVisitor {
    private let marks: MarkTable
    private let stop: StopCondition
    /// Where the next live object moves. When all have moved, the end of what the old space holds.
    private(set) var free: UnsafeMutableRawPointer
    /// The evaluation must stop. The heap is unusable from then on, since some of its objects have moved and others have
    /// not.
    private(set) var isAbandoned = false

    /// The start of the pages that objects have left and that can be returned. It is the highest address if none can.
    private var left = UInt.max
    /// The words to be moved until the next poll.
    private var wordsToPoll = Compactor.pollWords

    /// The words moved between two polls of deadline and cancellation. They take less than a millisecond or two.
    private static let pollWords = 1 << 16

    /// Computes where everything moves.
    ///
    /// - Parameters:
    ///   - spaces: The ranges of addresses with objects, in ascending order.
    ///   - target: The address of the first object afterwards.
    init(_ marks: MarkTable, _ spaces: [Range<UInt>], to target: UnsafeMutableRawPointer, stop: StopCondition) {
        self.marks = marks
        self.stop = stop
        free = target
        var next = UInt(bitPattern: target)
        for space in spaces { marks.computeTargets(from: space.lowerBound, to: space.upperBound, &next) }
    }

    @inline(__always)
    func isInside(_ address: UInt) -> Bool { marks.isInside(address) }

    @inline(__always)
    func survivor(_ address: UInt) -> UInt? {
        if !isInside(address) { return address }
        return marks.isMarked(address) ? marks.target(address) : nil
    }

    @inline(__always)
    func visit(_ object: Object) -> Object {
        let address = UInt(bitPattern: object)
        return isInside(address) ? Object(bitPattern: marks.target(address)).unsafelyUnwrapped : object
    }

    @inline(__always)
    func visit(_ value: Value) -> Value {
        if !isInside(UInt(value.bits)) || !value.isObject { return value }
        return Value(bits: UInt64(marks.target(UInt(value.bits & ~7))) | value.tag)
    }

    /// Moves the live objects of a range of addresses.
    ///
    /// - Parameter returnsPages: Whether all of them move to another range, so that the pages that they leave can be
    ///   returned to the system at once. A large nursery and what moves out of it do not take twice the memory then.
    mutating func move(_ space: Range<UInt>, returnsPages: Bool) {
        var address = space.lowerBound
        left = returnsPages ? address : .max
        while let object = marks.firstMarked(from: address, to: space.upperBound), !isAbandoned {
            let shape = object.shape
            address = UInt(bitPattern: object + shape.words)
            visit(object.references(shape), count: shape.references)
            move(object, shape.words)
        }
    }

    @inline(__always)
    private mutating func move(_ object: Object, _ size: Int) {
        let target = free.assumingMemoryBound(to: UInt64.self)
        free += size &* 8
        wordsToPoll &-= size
        if _slowPath(size > 64 || wordsToPoll < 0) { return movePieces(object, target, size) }
        if target == object { return }
        // The target is below the object or does not overlap it.
        var index = 0
        while index < size {
            target[index] = object[index]
            index &+= 1
        }
    }

    /// Moves an object in pieces, and polls between them when that is due.
    @inline(never)
    private mutating func movePieces(_ object: Object, _ target: Object, _ size: Int) {
        var start = 0
        while start < size {
            let count = min(size - start, Self.pollWords)
            if target != object { (target + start).update(from: object + start, count: count) }
            start += count
            if wordsToPoll < 0 || start < size { poll(UInt(bitPattern: object + start)) }
        }
    }

    /// Polls deadline and cancellation, and returns pages whose objects have moved.
    ///
    /// - Parameter address: The end of what has moved.
    private mutating func poll(_ address: UInt) {
        wordsToPoll = Self.pollWords
        if stop.cause != nil { isAbandoned = true }
        let end = address & ~4095
        guard end > left, let pages = UnsafeMutableRawPointer(bitPattern: left) else { return }
        madvise(pages, Int(bitPattern: end - left), MADV_DONTNEED)
        left = end
    }
}
