/// What a collection does with each reference that it finds in roots, in objects, and in the tables of written slots. All
/// phases of all collections see the same references in this way.
protocol ReferenceVisitor {
    /// What replaces a reference to an object.
    mutating func visit(_ object: Object) -> Object
    /// What replaces a value, which refers to an object or not.
    mutating func visit(_ value: Value) -> Value
    /// The address of an object after the collection. The result is nil when nothing refers to it.
    func survivor(_ address: UInt) -> UInt?
    /// Whether an address lies in a space whose objects this collection moves. Objects elsewhere stay where they are.
    func isInside(_ address: UInt) -> Bool
}

extension ReferenceVisitor {
    @inline(__always)
    mutating func visit(_ slots: Slot, count: Int) {
        var slot = slots
        let end = slots + count
        while slot < end {
            slot.pointee = visit(slot.pointee)
            slot += 1
        }
    }
}

/// The size of an object, and where in it references are.
struct ObjectShape: BitwiseCopyable {
    /// The number of words, including the header.
    var words: Int
    /// The index of the first word that may refer to another object, and how many such words follow one another.
    var firstReference = 1
    var references = 0
}

extension Object {
    @inline(__always)
    var shape: ObjectShape {
        let header = self[0]
        let field = Int(truncatingIfNeeded: header &>> 32)
        let count = Int(truncatingIfNeeded: header &>> 16 & 0xFFFF)
        switch header & 0xFF {
        case Kind.thunk, Kind.blackhole: return ObjectShape(words: 1 &+ Swift.max(1, count), references: count)
        case Kind.indirection: return ObjectShape(words: 1 &+ Swift.max(1, count), references: 1)
        case Kind.closure, Kind.partial: return ObjectShape(words: 1 &+ count, references: count)
        case Kind.list, Kind.array: return ObjectShape(words: 1 &+ field, references: field)
        case Kind.attributes: return ObjectShape(words: 2 &+ field, references: 1 &+ field)
        case Kind.layout: return ObjectShape(words: 2 &+ field, references: 1)
        case Kind.string, Kind.path, Kind.bytes:
            let words = 1 &+ Object.words(forBytes: field)
            if header & Object.contextFlag == 0 { return ObjectShape(words: words) }
            return ObjectShape(words: words &+ 1, firstReference: words, references: 1)
        case Kind.withLink: return ObjectShape(words: 3, references: 2)
        case Kind.union: return ObjectShape(words: 1 &+ SetUnion.words, references: 2)
        case Kind.flattened: return ObjectShape(words: 1 &+ SetUnion.words, references: 1)
        default: return ObjectShape(words: 2)
        }
    }

    /// The slots that may refer to other objects.
    @inline(__always)
    func references(_ shape: ObjectShape) -> Slot {
        UnsafeMutableRawPointer(self + shape.firstReference).assumingMemoryBound(to: Value.self)
    }
}
