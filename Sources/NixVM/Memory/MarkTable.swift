import Glibc

/// The tables of a full collection. They cover old space and nursery, take a thirty-second part of what these hold, and
/// are empty between collections.
///
/// A word of the heap that belongs to a live object has its bit set. Live words move down in order, so the new address of
/// one is the start of the old space plus eight times the number of live words before it. That number is kept for each
/// block of 64 words; within a block it is counted.
struct MarkTable: BitwiseCopyable {
    /// The words of a block.
    static let blockWords = 64

    /// The address of the first word that is covered, and the number of bytes.
    let start: UInt
    let extent: UInt
    /// A bit for each word.
    private let bits: UnsafeMutablePointer<UInt64>
    /// For each block, where the first live word of it moves.
    private let targets: UnsafeMutablePointer<UInt>

    /// - Parameters:
    ///   - start: The first address that is covered. It is a multiple of the size of a block.
    ///   - extent: The number of bytes that are covered.
    ///   - memory: The start of `byteCount(covering: extent)` bytes, all of them zero.
    init(start: UnsafeMutableRawPointer, extent: Int, memory: UnsafeMutableRawPointer) {
        self.start = UInt(bitPattern: start)
        self.extent = UInt(bitPattern: extent)
        bits = memory.assumingMemoryBound(to: UInt64.self)
        targets = (memory + extent / Self.blockWords).assumingMemoryBound(to: UInt.self)
    }

    /// The bytes of the tables for so many bytes of the heap.
    static func byteCount(covering bytes: Int) -> Int { 2 * ((bytes + blockWords - 1) / blockWords) }

    @inline(__always)
    func isInside(_ address: UInt) -> Bool { address &- start < extent }

    @inline(__always)
    private func word(_ address: UInt) -> Int { Int(bitPattern: (address &- start) &>> 3) }

    @inline(__always)
    func isMarked(_ address: UInt) -> Bool {
        let word = word(address)
        return bits[word &>> 6] &>> UInt64(truncatingIfNeeded: word & 63) & 1 != 0
    }

    /// Marks all words of an object.
    @inline(__always)
    func mark(_ object: Object, words: Int) {
        let word = word(UInt(bitPattern: object))
        let offset = word & 63
        if _fastPath(offset &+ words <= 63) {
            bits[word &>> 6] |= (1 &<< UInt64(truncatingIfNeeded: words) &- 1) &<< UInt64(truncatingIfNeeded: offset)
        } else {
            markBlocks(from: word, to: word &+ words)
        }
    }

    /// Marks the words of an object that reaches the end of a block.
    @inline(never)
    private func markBlocks(from first: Int, to end: Int) {
        let last = (end &- 1) &>> 6
        var block = first &>> 6
        var mask = UInt64.max &<< UInt64(truncatingIfNeeded: first & 63)
        while block < last {
            bits[block] |= mask
            mask = .max
            block &+= 1
        }
        bits[last] |= mask & UInt64.max &>> UInt64(truncatingIfNeeded: 63 &- (end &- 1) & 63)
    }

    /// The first marked word in a range of addresses. It begins an object if the range begins where one may.
    @inline(__always)
    func firstMarked(from address: UInt, to end: UInt) -> Object? {
        guard address < end else { return nil }
        let word = word(address)
        var block = word &>> 6
        var rest = bits[block] & UInt64.max &<< UInt64(truncatingIfNeeded: word & 63)
        let endBlock = (self.word(end) &+ 63) &>> 6
        while rest == 0 {
            block &+= 1
            if block >= endBlock { return nil }
            rest = bits[block]
        }
        return Object(bitPattern: start &+ UInt(bitPattern: (block &<< 6 &+ rest.trailingZeroBitCount) &<< 3))
    }

    /// Computes where the live words of a range of addresses move.
    ///
    /// - Parameter target: The address of the first of them after the move. Becomes that of what follows the last one.
    func computeTargets(from address: UInt, to end: UInt, _ target: inout UInt) {
        guard address < end else { return }
        let endBlock = (word(end) &+ 63) &>> 6
        var block = word(address) &>> 6
        while block < endBlock {
            targets[block] = target
            target &+= UInt(bitPattern: bits[block].nonzeroBitCount &<< 3)
            block &+= 1
        }
    }

    /// Where a marked object moves.
    @inline(__always)
    func target(_ address: UInt) -> UInt {
        let word = word(address)
        let before = bits[word &>> 6] & (1 &<< UInt64(truncatingIfNeeded: word & 63) &- 1)
        return targets[word &>> 6] &+ UInt(bitPattern: before.nonzeroBitCount &<< 3)
    }

    /// Empties the tables for a range of addresses.
    func clear(from address: UInt, to end: UInt) {
        guard address < end else { return }
        let first = word(address) &>> 6
        let count = (word(end) &+ 63) &>> 6 &- first
        clearPages(bits + first, count)
        clearPages(targets + first, count)
    }

    /// Sets memory to zero, by returning its whole pages to the system.
    private func clearPages<Element>(_ start: UnsafeMutablePointer<Element>, _ count: Int) {
        let start = UnsafeMutableRawPointer(start)
        let end = start + count * MemoryLayout<Element>.stride
        guard let pages = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: start) + 4095) & ~4095) else { return }
        let pageBytes = (end - pages) & ~4095
        guard pageBytes > 0 else {
            memset(start, 0, end - start)
            return
        }
        memset(start, 0, pages - start)
        madvise(pages, pageBytes, MADV_DONTNEED)
        memset(pages + pageBytes, 0, end - (pages + pageBytes))
    }
}
