import ByteCounting

/// Byte strings of one source. Most are ranges of the source, which take no bytes of their storage.
public struct TextTable: Sendable {
    /// The location of a string: in the source, or in `storage`.
    struct Entry: Sendable {
        var start: UInt32
        /// The length; the highest bit is set for a string in `storage`. No source is long enough to need that bit.
        fileprivate var packedCount: UInt32

        @inline(__always)
        var count: Int { Int(packedCount & ~Self.storageBit) }
        @inline(__always)
        var isStored: Bool { packedCount & Self.storageBit != 0 }

        fileprivate static let storageBit: UInt32 = 1 << 31
    }

    private(set) var entries: [Entry] = []
    /// The concatenated strings that do not occur in the source as they are.
    private(set) var storage: [UInt8] = []

    public var count: Int { entries.count }

    /// Bytes that the tables take while `more` strings are added, see `Array.byteCount(adding:)`.
    func byteCount(adding more: Int) -> Int { entries.byteCount(adding: more) &+ storage.byteCount(adding: more) }

    var estimatedByteCount: Int { entries.estimatedByteCount &+ storage.estimatedByteCount }

    /// See `Array.trim()`.
    mutating func trim() {
        entries.trim()
        storage.trim()
    }

    /// Adds the source bytes from `start` to `end` as a string.
    @inline(__always)
    mutating func append(source start: Int, _ end: Int) {
        entries.append(
            Entry(start: UInt32(truncatingIfNeeded: start), packedCount: UInt32(truncatingIfNeeded: end &- start)))
    }

    /// Adds a string that does not occur in the source.
    mutating func append(_ bytes: some Sequence<UInt8>) {
        let start = storage.count
        storage.append(contentsOf: bytes)
        commit(from: start)
    }

    /// Appends one byte to the string that the next `commit` adds.
    @inline(__always)
    mutating func push(_ byte: UInt8) { storage.append(byte) }

    mutating func push(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe storage.append(contentsOf: bytes) }

    /// Removes bytes that were pushed, so that `storage` has `count` bytes.
    mutating func truncate(to count: Int) { storage.removeLast(storage.count &- count) }

    /// Adds the bytes pushed from index `start` of `storage` on as a string.
    mutating func commit(from start: Int) {
        entries.append(
            Entry(
                start: UInt32(truncatingIfNeeded: start),
                packedCount: UInt32(truncatingIfNeeded: storage.count &- start) | Entry.storageBit))
    }

    /// Calls `body` with the bytes of a string.
    @inline(__always)
    func withBytes<Result>(
        _ index: Int, _ source: SourceBytes, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        let entry = entries[index]
        let start = Int(entry.start)
        guard entry.isStored else { return unsafe source.withBytes(start, start &+ entry.count, body) }
        return unsafe storage.withUnsafeBufferPointer {
            unsafe body(UnsafeBufferPointer(rebasing: $0[start..<start &+ entry.count]))
        }
    }

    /// A copy of a string.
    ///
    /// - Parameters:
    ///   - index: the string's index.
    ///   - source: the source that the table was made from.
    func bytes(_ index: Int, source: [UInt8]) -> [UInt8] { Array(slice(index, source: source)) }

    /// A copy of a string's first `limit` + 1 bytes, from which the caller can see whether the string is longer than
    /// the limit.
    func prefix(_ index: Int, source: [UInt8], _ limit: Int) -> [UInt8] {
        Array(slice(index, source: source).prefix(limit == .max ? limit : limit + 1))
    }

    /// A string without copying it.
    func slice(_ index: Int, source: [UInt8]) -> ArraySlice<UInt8> {
        let entry = entries[index]
        let range = Int(entry.start)..<Int(entry.start) + entry.count
        return entry.isStored ? storage[range] : source[range]
    }
}
