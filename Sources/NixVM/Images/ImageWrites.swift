/// The slots of the image's objects that an evaluation has written.
///
/// A full collection does not visit the image, so these slots are its only roots there. The pages in which they lie are
/// private copies of the evaluation, which count towards its memory limit.
struct ImageWrites: BitwiseCopyable {
    /// The addresses of the slots. There is an entry for each word of the image.
    private let slots: UnsafeMutablePointer<UInt>?
    /// A bit for each word of the image whose slot is in the list.
    private let words: UnsafeMutablePointer<UInt64>?
    /// A bit for each page of the image that was written.
    private let pages: UnsafeMutablePointer<UInt64>?
    /// The address of the image's first object.
    private let base: UInt
    private(set) var count = 0
    private var pageCount = 0

    private static let pageBytes: UInt = 4096

    /// Makes the list of a machine without an image.
    init() {
        slots = nil
        pages = nil
        base = 0
        words = nil
    }

    /// - Parameters:
    ///   - memory: Zeros, as many bytes as `byteCount` says.
    ///   - base: The address of the image's first object.
    ///   - imageBytes: The size of the image's objects.
    init(_ memory: UnsafeMutableRawPointer, base: UInt, imageBytes: Int) {
        slots = memory.assumingMemoryBound(to: UInt.self)
        words = (memory + Self.wordsOffset(imageBytes)).assumingMemoryBound(to: UInt64.self)
        pages = (memory + Self.pagesOffset(imageBytes)).assumingMemoryBound(to: UInt64.self)
        self.base = base
    }

    /// The memory that the list of an image of so many bytes needs.
    static func byteCount(imageBytes: Int) -> Int {
        pagesOffset(imageBytes) + (imageBytes / Int(pageBytes) / 64 + 1) * 8
    }

    /// The offsets of the bits of words and of those of pages, behind the slots.
    private static func wordsOffset(_ imageBytes: Int) -> Int { (imageBytes & ~7) + 8 }
    private static func pagesOffset(_ imageBytes: Int) -> Int {
        wordsOffset(imageBytes) + (imageBytes / 8 / 64 + 1) * 8
    }

    /// The bytes that count towards the memory limit.
    var byteCount: Int { count &* 8 &+ pageCount &* Int(Self.pageBytes) }

    subscript(index: Int) -> UInt { slots.unsafelyUnwrapped[index] }

    /// Adds a slot unless it is there. Compaction replaces what is in a slot by its new address, so none may be there twice,
    /// and there are no more entries than words.
    mutating func append(_ slot: UInt) {
        guard let slots, let words, let pages else { return }
        let word = (slot &- base) / 8
        let wordBit = UInt64(1) << UInt64(word & 63)
        if words[Int(word / 64)] & wordBit != 0 { return }
        words[Int(word / 64)] |= wordBit
        slots[count] = slot
        count &+= 1
        let page = (slot &- base) / Self.pageBytes
        let bit = UInt64(1) << UInt64(page & 63)
        if pages[Int(page / 64)] & bit == 0 {
            pages[Int(page / 64)] |= bit
            pageCount &+= 1
        }
    }
}

extension Interpreter {
    /// Records that a slot of the image was written. A value that lies in the image itself, or in the permanent range,
    /// needs no root.
    @inline(never)
    func noteImageWrite(_ slot: Slot) {
        let value = slot.pointee
        guard value.isObject, !isInImage(UInt(value.bits)), !isPermanent(value.object) else { return }
        state.pointee.imageWrites.append(UInt(bitPattern: slot))
    }

    /// Updates the slots of the image that refer out of it.
    func moveImageWrites(_ visitor: inout some ReferenceVisitor) {
        for index in 0..<state.pointee.imageWrites.count {
            guard let slot = Slot(bitPattern: state.pointee.imageWrites[index]) else { continue }
            slot.pointee = visitor.visit(slot.pointee)
        }
    }
}
