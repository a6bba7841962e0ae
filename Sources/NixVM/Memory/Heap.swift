/// The layout of the heap within the machine's ranges. They are all reserved at once; pages are provided as they are
/// touched.
///
/// New objects are allocated in the nursery. When it is full, its survivors are copied to the end of the old space, and
/// its pages are used again. From time to time the old space is compacted in place. The permanent range holds what
/// programs contain (constants, layouts, names). Nothing in it moves, and nothing in it refers to another range.
struct Heap: BitwiseCopyable {
    /// The size in bytes of the old space and of the nursery. The nursery follows the old space, so they form one range.
    let spaceSize: Int
    let permanentSize: Int
    /// The size in bytes of the stack, and of the range of frames.
    let stackSize: Int
    /// The number of chunks that can be loaded.
    let chunkCapacity: Int
    /// The bytes of the nursery that are filled between collections while the stack is small.
    static let nurserySize = 4 << 20
    /// The bytes of a nursery whose survivors are moved instead of copied if there are fewer old objects. Moving takes
    /// longer, but gives back the memory that was moved from on the way.
    static let largeNursery = 64 << 20
    /// The bytes of the old space that may be in use before a full collection is necessary, and before one is considered.
    static let firstFullThreshold = 192 << 20
    static let smallHeap = 32 << 20
    /// For each byte that full collections mark, so many bytes must have been allocated, unless one is necessary. Marking a
    /// byte takes about half of the time in which one is allocated, so this bounds the time that saving memory costs.
    static let allocatedPerMarked = 8

    /// The start of the old space.
    let objects: UnsafeMutableRawPointer
    let nursery: UnsafeMutableRawPointer
    let permanent: UnsafeMutableRawPointer
    /// The objects of the image that the machine was made from. They never move, and may be written. There are none
    /// without an image.
    var imageObjects: UnsafeMutableRawPointer
    var imageBytes = 0
    /// The bytes at the start of the permanent range that belong to the image.
    var permanentImageBytes = 0
    /// The tables of a full collection, and its stack.
    let marks: MarkTable
    let markStack: UnsafeMutablePointer<Marker.Pending>
    /// The start of the objects in the old space, which differs from that of the space under stress only.
    var oldStart: UnsafeMutableRawPointer
    /// The end of what the old space holds, where the next survivor is copied to.
    var oldTop: UnsafeMutableRawPointer
    var permanentTop: UnsafeMutableRawPointer
    var statistics = HeapStatistics()
    /// The bytes that full collections have marked.
    var markedBytes = 0
    /// The bytes from the start of the nursery that may be resident because a window was that large.
    var nurseryTouched = 0

    /// Makes an empty heap.
    ///
    /// - Parameters:
    ///   - objects: The start of `2 * sizes.space` bytes.
    ///   - permanent: The start of `sizes.permanent` bytes.
    ///   - marking: The start of `sizes.marking` bytes.
    init(
        sizes: HeapSizes, objects: UnsafeMutableRawPointer, permanent: UnsafeMutableRawPointer,
        marking: UnsafeMutableRawPointer
    ) {
        spaceSize = sizes.space
        permanentSize = sizes.permanent
        stackSize = sizes.stack
        chunkCapacity = sizes.chunks
        self.objects = objects
        nursery = objects + sizes.space
        marks = MarkTable(start: objects, extent: 2 * sizes.space, memory: marking)
        markStack = (marking + MarkTable.byteCount(covering: 2 * sizes.space))
            .assumingMemoryBound(to: Marker.Pending.self)
        oldStart = objects
        oldTop = objects
        self.permanent = permanent
        permanentTop = permanent
        imageObjects = objects
    }

    /// The bytes of the old space that are in use.
    var oldBytes: Int { oldTop - oldStart }
    /// The ranges of addresses that hold objects which collections move, in ascending order.
    func spaces(nursery: UnsafeMutableRawPointer, hp: UnsafeMutableRawPointer) -> [Range<UInt>] {
        [
            UInt(bitPattern: oldStart)..<UInt(bitPattern: oldTop),
            UInt(bitPattern: nursery)..<UInt(bitPattern: hp),
        ]
    }

    var permanentBytes: Int { permanentTop - permanent }
    /// The bytes of the permanent range that this machine has filled itself.
    var ownPermanentBytes: Int { permanentBytes - permanentImageBytes }

    /// Takes words from the permanent range; nil when it has not so many.
    ///
    /// - Parameter promised: bytes to be kept free for the strings of names, which are created later without a check.
    mutating func allocatePermanent(ifRoom words: Int, beside promised: Int = 0) -> Object? {
        guard words >= 0, words <= (permanentSize - permanentBytes - promised) / 8 else { return nil }
        let object = permanentTop.assumingMemoryBound(to: UInt64.self)
        permanentTop += words &* 8
        return object
    }

    /// Takes words that are known to be available: those of a machine that is being created, and those that were
    /// promised to a name when it was added.
    mutating func allocatePermanent(words: Int) -> Object {
        guard let object = allocatePermanent(ifRoom: words) else {
            fatalError("\(words) words of the permanent range were not promised before they were taken")
        }
        return object
    }
}

/// The heap's part of `--stats`.
public struct HeapStatistics: Sendable, Equatable, BitwiseCopyable {
    public var collections = 0
    /// How many of the collections were full ones.
    public var fullCollections = 0
    /// The bytes that survived collections: what minor ones copied, and what full ones kept.
    public var copiedBytes = 0
    /// The bytes allocated over the machine's life.
    public var allocatedBytes = 0
    /// The most bytes that nursery and old space held together, with the tables of a full collection.
    public var peakBytes = 0
    /// The time spent collecting, in nanoseconds.
    public var nanoseconds: UInt64 = 0
}
