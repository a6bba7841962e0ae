/// The address of a heap object, which is a header word and the words that follow it.
typealias Object = UnsafeMutablePointer<UInt64>

/// The address of a value, on the machine's stack or in an object.
typealias Slot = UnsafeMutablePointer<Value>

/// The low three bits of a value.
enum Tag {
    /// A float, a large integer, a path, or an object internal to the machine.
    static let other: UInt64 = 0
    /// An integer of 61 bits.
    static let integer: UInt64 = 1
    /// Null, a boolean, a builtin, or the internal `absent`.
    static let immediate: UInt64 = 2
    static let string: UInt64 = 3
    static let thunk: UInt64 = 4
    static let attributes: UInt64 = 5
    static let list: UInt64 = 6
    /// A closure or a partial application.
    static let function: UInt64 = 7
}

/// One word: three bits of tag, and an integer, an immediate, or the address of an object.
///
/// A value does not keep its object alive. What the collector must find has to be on the machine's stack, in a frame,
/// in another object, or among the machine's roots.
struct Value: Equatable {
    var bits: UInt64

    @inline(__always) init(bits: UInt64) { self.bits = bits }
    @inline(__always) init(_ tag: UInt64, _ object: Object) { bits = UInt64(UInt(bitPattern: object)) | tag }

    @inline(__always) static var null: Value { Value(bits: 0x02) }
    @inline(__always) static var `false`: Value { Value(bits: 0x0A) }
    @inline(__always) static var `true`: Value { Value(bits: 0x12) }
    /// Marks a formal that has no argument, between unpacking and applying defaults. No other code sees it.
    @inline(__always) static var absent: Value { Value(bits: 0x22) }
    @inline(__always) static func bool(_ value: Bool) -> Value { value ? .true : .false }
    @inline(__always) static func builtin(_ index: Int) -> Value {
        Value(bits: UInt64(truncatingIfNeeded: index) &<< 8 | 0x1A)
    }

    /// Makes an integer that fits into 61 bits.
    @inline(__always) init(small: Int) { bits = UInt64(bitPattern: Int64(small)) &<< 3 | Tag.integer }
    static let smallRange = -(1 << 60)...(1 << 60 - 1)

    @inline(__always) var tag: UInt64 { bits & 7 }
    @inline(__always) var small: Int { Int(truncatingIfNeeded: Int64(bitPattern: bits) &>> 3) }
    @inline(__always) var object: Object { Object(bitPattern: UInt(bits & ~7)).unsafelyUnwrapped }
    @inline(__always) var isThunk: Bool { tag == Tag.thunk }
    /// The value that an indirection refers to, or the value itself.
    @inline(__always) var dereferenced: Value {
        isThunk && object.kind == Kind.indirection ? Value(bits: object[1]) : self
    }
    @inline(__always) var isSmall: Bool { tag == Tag.integer }
    /// Whether both values are integers of 61 bits.
    @inline(__always) static func areSmall(_ a: Value, _ b: Value) -> Bool {
        ((a.bits ^ Tag.integer) | (b.bits ^ Tag.integer)) & 7 == 0
    }
    @inline(__always) var isString: Bool { tag == Tag.string }
    @inline(__always) var isAttributes: Bool { tag == Tag.attributes }
    @inline(__always) var isList: Bool { tag == Tag.list }
    @inline(__always) var isBuiltin: Bool { bits & 0xFF == 0x1A }
    @inline(__always) var builtinIndex: Int { Int(truncatingIfNeeded: bits &>> 8) }
    @inline(__always) var isNull: Bool { bits == Value.null.bits }
    @inline(__always) var isBool: Bool { bits == Value.true.bits || bits == Value.false.bits }
    @inline(__always) var isTrue: Bool { bits == Value.true.bits }
    /// Whether the bits contain the address of an object.
    @inline(__always) var isObject: Bool { tag != Tag.integer && tag != Tag.immediate }
    @inline(__always) var isFunction: Bool { tag == Tag.function || isBuiltin }
    @inline(__always) func isKind(_ kind: UInt64) -> Bool { tag == Tag.other && object.kind == kind }
    @inline(__always) var isFloat: Bool { isKind(Kind.float) }
    @inline(__always) var isPath: Bool { isKind(Kind.path) }
    @inline(__always) var isInteger: Bool { isSmall || isKind(Kind.integer) }
    /// The number, if `isInteger` holds.
    @inline(__always) var integer: Int64 { isSmall ? Int64(small) : Int64(bitPattern: object[1]) }
    /// The number, if `isFloat` holds.
    @inline(__always) var float: Double { Double(bitPattern: object[1]) }
}
