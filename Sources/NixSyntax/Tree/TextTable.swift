/// Byte strings of one source. Most are stretches of the source and take no bytes of their own.
public struct TextTable: Sendable {
    /// Where a string lies: in the source, or in the table's own bytes.
    struct Place: Sendable {
        var start: UInt32
        /// Its length; the highest bit says that it lies in the table. No source is long enough to need that bit.
        fileprivate var packedCount: UInt32

        @inline(__always)
        var count: Int { Int(packedCount & ~Self.ownBit) }
        @inline(__always)
        var isOwn: Bool { packedCount & Self.ownBit != 0 }

        fileprivate static let ownBit: UInt32 = 1 << 31
    }

    private(set) var places: [Place] = []
    /// Strings that do not stand in the source as they are, end to end.
    private(set) var own: [UInt8] = []

    public var count: Int { places.count }

    /// As that of an array.
    func byteCount(adding more: Int) -> Int { places.byteCount(adding: more) &+ own.byteCount(adding: more) }

    var keptByteCount: Int { places.keptByteCount &+ own.keptByteCount }

    /// Adds the bytes of the source from `start` to `end`.
    @inline(__always)
    mutating func append(source start: Int, _ end: Int) {
        places.append(
            Place(start: UInt32(truncatingIfNeeded: start), packedCount: UInt32(truncatingIfNeeded: end &- start)))
    }

    /// Adds a string that does not stand in the source.
    mutating func append(_ bytes: some Sequence<UInt8>) {
        let start = own.count
        own.append(contentsOf: bytes)
        appendOwn(from: start)
    }

    /// Adds one byte to what the next `appendOwn` takes.
    @inline(__always)
    mutating func push(_ byte: UInt8) { own.append(byte) }

    mutating func push(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe own.append(contentsOf: bytes) }

    /// Takes back bytes that were pushed.
    mutating func dropOwn(to count: Int) { own.removeLast(own.count &- count) }

    /// Makes what was pushed since there were `start` own bytes a string.
    mutating func appendOwn(from start: Int) {
        places.append(
            Place(
                start: UInt32(truncatingIfNeeded: start),
                packedCount: UInt32(truncatingIfNeeded: own.count &- start) | Place.ownBit))
    }

    /// Calls `body` with a string.
    @inline(__always)
    func withBytes<Result>(
        _ index: Int, _ source: SourceBytes, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        let place = places[index]
        let start = Int(place.start)
        guard place.isOwn else { return unsafe source.withBytes(start, start &+ place.count, body) }
        return unsafe own.withUnsafeBufferPointer {
            unsafe body(UnsafeBufferPointer(rebasing: $0[start..<start &+ place.count]))
        }
    }

    /// A copy of a string.
    ///
    /// - Parameter source: that which the table was made of.
    func bytes(_ index: Int, source: [UInt8]) -> [UInt8] { Array(slice(index, source: source)) }

    /// A copy of the first bytes of a string: one more than a limit, so that it can be seen that it goes on.
    func beginning(_ index: Int, source: [UInt8], _ limit: Int) -> [UInt8] {
        Array(slice(index, source: source).prefix(limit == .max ? limit : limit + 1))
    }

    /// A string where it lies.
    func slice(_ index: Int, source: [UInt8]) -> ArraySlice<UInt8> {
        let place = places[index]
        let range = Int(place.start)..<Int(place.start) + place.count
        return place.isOwn ? own[range] : source[range]
    }
}
