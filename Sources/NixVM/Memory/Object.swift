/// Kinds of objects, in the lowest byte of the header.
///
/// Header: kind in bits 0–7, flags in 8–15, a 16-bit count in 16–31, a 32-bit field in 32–63.
enum Kind {
    /// 16-bit count of captures, chunk in the field; captures follow. At least one word follows the header.
    static let thunk: UInt64 = 0
    /// A thunk that is being forced. Its captures stay, so that unwinding restores it by its kind alone.
    static let blackhole: UInt64 = 1
    /// A thunk that has its value, in the first word after the header.
    static let indirection: UInt64 = 2
    /// As `thunk`, of a lambda chunk.
    static let closure: UInt64 = 3
    /// A function and fewer arguments than it takes: 16-bit count of the words that follow.
    static let partial: UInt64 = 4
    /// Field: count of the values that follow.
    static let list: UInt64 = 5
    /// Field: count of attributes. Then the address of the layout, then the values in its order.
    static let attributes: UInt64 = 6
    /// Field: count of entries. Then the permutation into the order of names (or null), then the entries.
    static let layout: UInt64 = 7
    /// Field: length in bytes. Then the bytes, padded with zero; then the context if flag 1 is set.
    static let string: UInt64 = 8
    /// As `string`, without context.
    static let path: UInt64 = 9
    static let float: UInt64 = 10
    static let integer: UInt64 = 11
    /// A link of a `with` chain: value, outer link or null.
    static let withLink: UInt64 = 12
    /// Field: length in bytes. Bytes without values: string builders, permutations, bit sets.
    static let bytes: UInt64 = 13
    /// Field: count of the values that follow, which builtins change in place.
    static let array: UInt64 = 14
    /// Moved: the new address is in the upper 56 bits. Only during a collection.
    static let forward: UInt64 = 15
    /// A thunk that failed, and the failure was caught: then a `FailureReference`.
    static let failed: UInt64 = 16
}

extension Object {
    static let contextFlag: UInt64 = 1 << 8
    /// Everything in this list or set has been visited by a deep force that did not fail.
    static let deepFlag: UInt64 = 1 << 9
    /// An array outside the nursery that is among the remembered.
    static let rememberedFlag: UInt64 = 1 << 10

    /// The largest 16-bit count and the largest 32-bit field.
    static let mostCount = 0xFFFF
    static let mostField = 0xFFFF_FFFF

    /// The header of an object to be made: the only way that a count gets into one.
    ///
    /// A count that was cut would make an object end elsewhere than its contents. None that is too large comes here: the
    /// room for an object is reserved first, and `Size` gives no room for such a one. Captures and arguments are few, as
    /// the verifier proves.
    @inline(__always) static func header(_ kind: UInt64, count: Int = 0, field: Int) -> UInt64 {
        if _slowPath(
            UInt(bitPattern: count) > UInt(bitPattern: mostCount)
                || UInt(bitPattern: field) > UInt(bitPattern: mostField))
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
    /// The 16-bit count.
    @inline(__always) var captureCount: Int { Int(truncatingIfNeeded: (self[0] &>> 16) & 0xFFFF) }
    /// The 32-bit field: a chunk, a count or a length.
    @inline(__always) var field: Int { Int(truncatingIfNeeded: self[0] &>> 32) }
    @inline(__always) func setKind(_ kind: UInt64) { self[0] = self[0] & ~0xFF | kind }
    /// The words after the header as values.
    @inline(__always) var values: Slot { UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: Value.self) }
    @inline(__always) var hasContext: Bool { self[0] & Object.contextFlag != 0 }
    /// First byte of a string, path or bytes object.
    @inline(__always) var bytes: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: UInt8.self)
    }
    @inline(__always) var byteBuffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: field) }
    /// Where a string with context keeps it.
    @inline(__always) var contextSlot: Slot { values + Object.words(forBytes: field) }
    @inline(__always) static func words(forBytes count: Int) -> Int { (count &+ 7) &>> 3 }

    /// Words of the object, header included.
    @inline(__always) var size: Int {
        switch kind {
        case Kind.thunk, Kind.blackhole, Kind.indirection: return 1 &+ Swift.max(1, captureCount)
        case Kind.closure, Kind.partial: return 1 &+ captureCount
        case Kind.list, Kind.array: return 1 &+ field
        case Kind.attributes, Kind.layout: return 2 &+ field
        case Kind.string, Kind.path, Kind.bytes:
            return 1 &+ Object.words(forBytes: field) &+ (hasContext ? 1 : 0)
        case Kind.withLink: return 3
        default: return 2
        }
    }
}

/// Bytes that objects take without the values in them, for `--stats`.
public struct ObjectSizes: Sendable {
    public let value = MemoryLayout<Value>.size
    public let list = Size.list(0)
    public let attributes = Size.attributes(0)
    /// Of a function or thunk.
    public let environment = Size.words(1)

    public static let own = ObjectSizes()
}

/// Sizes in bytes of objects before they are made, for `reserve`.
///
/// A count that no header can hold has the size `impossible`, which no heap has room for: reserving it fails, and so such
/// an object is never begun. Counts come from programs, so that each of these functions is asked with any number.
enum Size {
    /// More than any heap has; a few of them can be added without an overflow.
    static let impossible = 1 << 58

    @inline(__always) private static func fits(_ count: Int) -> Bool {
        UInt(bitPattern: count) <= UInt(bitPattern: Object.mostField)
    }
    @inline(__always) static func words(_ count: Int) -> Int { count &* 8 }
    @inline(__always) static func list(_ count: Int) -> Int { fits(count) ? words(1 &+ count) : impossible }
    @inline(__always) static func array(_ count: Int) -> Int { list(count) }
    @inline(__always) static func attributes(_ count: Int) -> Int { fits(count) ? words(2 &+ count) : impossible }
    @inline(__always) static func layout(_ count: Int) -> Int { attributes(count) }
    /// A set with a layout of its own.
    @inline(__always) static func attributesAndLayout(_ count: Int) -> Int {
        fits(count) ? words(4 &+ 2 &* count) : impossible
    }
    /// The union of two sets of so many keys together, with its layout and runs.
    @inline(__always) static func union(_ count: Int) -> Int {
        attributesAndLayout(count) &+ words(2 &+ UnionRun.limit)
    }
    /// A string or path, with a context.
    @inline(__always) static func string(_ length: Int) -> Int {
        fits(length) ? words(2 &+ Object.words(forBytes: length)) : impossible
    }
    /// A bytes object.
    @inline(__always) static func bytes(_ length: Int) -> Int {
        fits(length) ? words(1 &+ Object.words(forBytes: length)) : impossible
    }
    @inline(__always) static func thunk(_ captures: Int) -> Int { words(1 &+ max(1, captures)) }
    /// So many objects, each of a small size in bytes.
    @inline(__always) static func each(_ count: Int, _ size: Int) -> Int { fits(count) ? count &* size : impossible }
    static let number = 16
}
