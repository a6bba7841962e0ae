/// The kinds of objects, stored in the lowest byte of the header.
///
/// The header has the kind in bits 0–7, flags in bits 8–15, a 16-bit count in bits 16–31 and a 32-bit field in bits
/// 32–63.
enum Kind {
    /// A delayed expression. The count is the number of captures, the field is the chunk, and the captures follow. At
    /// least one word follows the header, so that the object can become an indirection.
    static let thunk: UInt64 = 0
    /// A thunk that is being forced. It keeps its captures, so that unwinding restores it by setting its kind.
    static let blackhole: UInt64 = 1
    /// A thunk that has been forced. Its value is in the first word after the header.
    static let indirection: UInt64 = 2
    /// A function. It is laid out like a thunk, except that it may have no words after the header.
    static let closure: UInt64 = 3
    /// A partial application: a function and fewer arguments than it takes. The count is the number of words that
    /// follow.
    static let partial: UInt64 = 4
    /// The field is the number of values that follow.
    static let list: UInt64 = 5
    /// The field is the number of attributes. The address of the layout follows, then the values in the layout's order.
    static let attributes: UInt64 = 6
    /// The field is the number of entries. The permutation that sorts them by name follows (or null), then the entries.
    static let layout: UInt64 = 7
    /// The field is the length in bytes. The bytes follow, padded with zeros, then the context if `contextFlag` is set.
    static let string: UInt64 = 8
    /// A path is laid out like a string, and has no context.
    static let path: UInt64 = 9
    static let float: UInt64 = 10
    static let integer: UInt64 = 11
    /// A link of a `with` chain. Its words are the value of the `with`, and the outer link or null.
    static let withLink: UInt64 = 12
    /// Bytes without values, as in string builders, permutations and bit sets. The field is the length in bytes.
    static let bytes: UInt64 = 13
    /// Values that builtins overwrite in place. The field is the number of values that follow.
    static let array: UInt64 = 14
    /// A forwarding pointer, which exists only during a collection. The upper 56 bits of the header are the new
    /// address.
    static let forward: UInt64 = 15
    /// A thunk whose failure was caught. Its word is a `FailureReference`.
    static let failed: UInt64 = 16
    /// The union of a large set and a small one, which `SetUnion` describes. The field is the number of attributes.
    static let union: UInt64 = 17
    /// A union whose attributes have been gathered. It is laid out as before, but its first word is the set of them.
    static let flattened: UInt64 = 18
    /// The last kind.
    static let last = flattened
}

extension Object {
    static let contextFlag: UInt64 = 1 << 8
    /// A deep force is visiting this list or set, or has visited everything in it without a failure.
    static let deepFlag: UInt64 = 1 << 9
    /// This array lies outside the nursery and is in the remembered set.
    static let rememberedFlag: UInt64 = 1 << 10

    /// The largest values of the 16-bit count and of the 32-bit field.
    static let maximumCount = 0xFFFF
    static let maximumField = 0xFFFF_FFFF

    /// The header of a new object. Only this function puts a count into a header.
    ///
    /// A truncated count would make an object end elsewhere than its contents do. No count that is too large reaches
    /// this function: room for an object is reserved first, and `Size` makes that fail for such a count. The verifier
    /// bounds the number of captures and arguments.
    @inline(__always) static func header(_ kind: UInt64, count: Int = 0, field: Int) -> UInt64 {
        if _slowPath(
            UInt(bitPattern: count) > UInt(bitPattern: maximumCount)
                || UInt(bitPattern: field) > UInt(bitPattern: maximumField))
        {
            refuseHeader(count: count, field: field)
        }
        return kind | UInt64(truncatingIfNeeded: count) &<< 16 | UInt64(truncatingIfNeeded: field) &<< 32
    }

    @inline(never)
    private static func refuseHeader(count: Int, field: Int) -> Never {
        fatalError("an object of \(count) and \(field) was made without room for it")
    }

    @inline(__always) var kind: UInt64 { self[0] & 0xFF }
    /// The 16-bit count of the header.
    @inline(__always) var captureCount: Int { Int(truncatingIfNeeded: (self[0] &>> 16) & 0xFFFF) }
    /// The 32-bit field of the header: a chunk, a count or a length.
    @inline(__always) var field: Int { Int(truncatingIfNeeded: self[0] &>> 32) }
    @inline(__always) func setKind(_ kind: UInt64) { self[0] = self[0] & ~0xFF | kind }
    /// The words after the header, read as values.
    @inline(__always) var values: Slot { UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: Value.self) }
    @inline(__always) var hasContext: Bool { self[0] & Object.contextFlag != 0 }
    /// The address of the first byte of a string, path or bytes object.
    @inline(__always) var bytes: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: UInt8.self)
    }
    @inline(__always) var byteBuffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: field) }
    /// The slot of the context, in a string that has one.
    @inline(__always) var contextSlot: Slot { values + Object.words(forBytes: field) }
    @inline(__always) static func words(forBytes count: Int) -> Int { (count &+ 7) &>> 3 }

    /// The number of words of the object, including its header.
    @inline(__always) var size: Int { shape.words }
}

/// The sizes in bytes of objects without their elements, for `--stats`.
public struct ObjectSizes: Sendable {
    public let value = MemoryLayout<Value>.size
    public let list = Size.list(0)
    public let attributes = Size.attributes(0)
    /// The size of a function or thunk without captures.
    public let environment = Size.words(1)

    public static let own = ObjectSizes()
}

/// The sizes in bytes of objects, for `reserve` before they are made.
///
/// A count that does not fit into a header has the size `impossible`. No heap has that much room, so reserving it fails
/// and such an object is never begun. Counts come from programs, so each of these functions accepts any number.
enum Size {
    /// This is more than any heap has. Several of them can be added without an overflow.
    static let impossible = 1 << 58

    @inline(__always) private static func fits(_ count: Int) -> Bool {
        UInt(bitPattern: count) <= UInt(bitPattern: Object.maximumField)
    }
    @inline(__always) static func words(_ count: Int) -> Int { count &* 8 }
    @inline(__always) static func list(_ count: Int) -> Int { fits(count) ? words(1 &+ count) : impossible }
    @inline(__always) static func array(_ count: Int) -> Int { list(count) }
    @inline(__always) static func attributes(_ count: Int) -> Int { fits(count) ? words(2 &+ count) : impossible }
    @inline(__always) static func layout(_ count: Int) -> Int { attributes(count) }
    /// The size of a set together with a layout of its own.
    @inline(__always) static func attributesAndLayout(_ count: Int) -> Int {
        fits(count) ? words(4 &+ 2 &* count) : impossible
    }
    /// The size of a union of two sets that have `count` attributes together, with its layout and runs.
    @inline(__always) static func union(_ count: Int) -> Int {
        attributesAndLayout(count) &+ words(2 &+ UnionRun.limit)
    }
    /// The size of a string or path with a context.
    @inline(__always) static func string(_ length: Int) -> Int {
        fits(length) ? words(2 &+ Object.words(forBytes: length)) : impossible
    }
    /// The size of a bytes object.
    @inline(__always) static func bytes(_ length: Int) -> Int {
        fits(length) ? words(1 &+ Object.words(forBytes: length)) : impossible
    }
    @inline(__always) static func thunk(_ captures: Int) -> Int { words(1 &+ max(1, captures)) }
    /// The size of `count` objects of `size` bytes each. The size must be small.
    @inline(__always) static func each(_ count: Int, _ size: Int) -> Int { fits(count) ? count &* size : impossible }
    static let number = 16
}
