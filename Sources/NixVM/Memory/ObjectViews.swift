// What builtins see of heap objects: views of one word with names for what lies in them.
//
// A view borrows its object. It holds until something is reserved, since that may move every object.

/// A list.
struct ListRef: BitwiseCopyable {
    let object: Object

    @inline(__always) init(_ object: Object) { self.object = object }

    @inline(__always) var count: Int { object.field }
    /// The elements, of which any may be a thunk.
    @inline(__always) var elements: Slot { object.values }
    @inline(__always) func slot(_ index: Int) -> Slot { object.values + index }
    /// An element; the list's maker writes it before anything else happens.
    @inline(__always) subscript(index: Int) -> Value {
        get { object.values[index] }
        nonmutating set { object.values[index] = newValue }
    }
    @inline(__always) var value: Value { Value(Tag.list, object) }
}

/// An array: values that a builtin changes in place.
struct ArrayRef: BitwiseCopyable {
    let object: Object

    @inline(__always) init(_ object: Object) { self.object = object }

    @inline(__always) var count: Int { object.field }
    @inline(__always) var elements: Slot { object.values }
    @inline(__always) func slot(_ index: Int) -> Slot { object.values + index }
    /// An element. What may be an object is written by `Interpreter.write`, unless the array is new.
    @inline(__always) subscript(index: Int) -> Value {
        get { object.values[index] }
        nonmutating set { object.values[index] = newValue }
    }
    @inline(__always) var value: Value { Value(Tag.other, object) }
}

/// A set.
struct AttributesRef: BitwiseCopyable {
    let object: Object

    @inline(__always) init(_ object: Object) { self.object = object }

    @inline(__always) var count: Int { object.field }
    /// The layout that the set shares with others.
    @inline(__always) var layout: Object { object.layout }
    /// The keys, in ascending order of symbol.
    @inline(__always) var entries: UnsafeMutablePointer<LayoutEntry> { object.layout.entries }
    /// The values in the order of the keys, of which any may be a thunk.
    @inline(__always) var values: Slot { object.attributeValues }
    @inline(__always) var value: Value { Value(Tag.attributes, object) }
}

/// A string or path.
struct StringRef: BitwiseCopyable {
    let object: Object

    @inline(__always) init(_ object: Object) { self.object = object }

    /// Bytes, without the context.
    @inline(__always) var count: Int { object.field }
    @inline(__always) var start: UnsafeMutablePointer<UInt8> { object.bytes }
    @inline(__always) var bytes: UnsafeBufferPointer<UInt8> { object.byteBuffer }
    @inline(__always) var hasContext: Bool { object.hasContext }
    /// Elements of the context.
    @inline(__always) var contextCount: Int { hasContext ? object.contextSlot.pointee.object.field : 0 }
}

extension Value {
    /// The value as what its tag says that it is.
    @inline(__always) var list: ListRef { ListRef(object) }
    @inline(__always) var attributes: AttributesRef { AttributesRef(object) }
    @inline(__always) var string: StringRef { StringRef(object) }
}

extension Interpreter {
    /// The slot of an attribute; nil when the set does not have it.
    @inline(__always)
    func lookup(_ set: AttributesRef, _ symbol: UInt32) -> Slot? { lookup(set.object, symbol) }

    /// The number of an attribute's position; nil when the set does not have it.
    @inline(__always)
    func positionNumber(_ set: AttributesRef, _ symbol: UInt32) -> UInt32? { positionNumber(set.object, symbol) }
}
