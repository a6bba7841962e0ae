/// The slots of the image's objects that an evaluation has written.
///
/// A full collection does not visit the image, so these slots are its only roots there. The pages in which they lie are
/// private copies of the evaluation, which count towards its memory limit.
struct ImageWrites: BitwiseCopyable {
    /// The addresses of the slots. There is an entry for each word of the image.
    private let slots: UnsafeMutablePointer<UInt>?
    /// A bit for each page of the image that was written.
    private let pages: UnsafeMutablePointer<UInt64>?
    /// The address of the image's first object.
    private let base: UInt
    private let capacity: Int
    private(set) var count = 0
    private var pageCount = 0

    private static let pageBytes: UInt = 4096

    /// Makes the list of a machine without an image.
    init() {
        slots = nil
        pages = nil
        base = 0
        capacity = 0
    }

    /// - Parameters:
    ///   - memory: Zeros, as many bytes as `byteCount` says.
    ///   - base: The address of the image's first object.
    ///   - imageBytes: The size of the image's objects.
    init(_ memory: UnsafeMutableRawPointer, base: UInt, imageBytes: Int) {
        slots = memory.assumingMemoryBound(to: UInt.self)
        pages = (memory + (imageBytes & ~7) + 8).assumingMemoryBound(to: UInt64.self)
        self.base = base
        capacity = imageBytes / 8
    }

    /// The memory that the list of an image of so many bytes needs.
    static func byteCount(imageBytes: Int) -> Int {
        (imageBytes & ~7) + 8 + (imageBytes / Int(pageBytes) / 64 + 1) * 8
    }

    /// The bytes that count towards the memory limit.
    var byteCount: Int { count &* 8 &+ pageCount &* Int(Self.pageBytes) }

    subscript(index: Int) -> UInt { slots.unsafelyUnwrapped[index] }

    /// Adds a slot. A slot is written once: when its thunk is forced, or when it is found to hold a
    /// thunk that was forced. So there are no more entries than words.
    mutating func append(_ slot: UInt) {
        guard let slots, let pages else { return }
        guard count < capacity else { fatalError("a slot of the image was written twice") }
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
