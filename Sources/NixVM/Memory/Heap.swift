/// The layout of the heap within the machine's ranges. They are all reserved at once; pages are provided as they are
/// touched.
///
/// New objects are allocated in the nursery. When it is full, its survivors are copied to the current one of two
/// spaces, and its pages are used again. From time to time everything alive is copied to the other space. The permanent
/// range holds what programs contain (constants, layouts, names). Nothing in it moves, and nothing in it refers to
/// another range.
struct Heap: BitwiseCopyable {
    /// The size in bytes of each space and of the nursery. The nursery lies between the spaces, so it forms one range
    /// with either of them.
    let spaceSize: Int
    let permanentSize: Int
    /// The size in bytes of the stack, and of the range of frames.
    let stackSize: Int
    /// The number of chunks that can be loaded.
    let chunkCapacity: Int
    /// The bytes of the nursery that are filled between collections while the stack is small.
    static let nurserySize = 4 << 20
    /// The bytes of the current space that may be in use before the first full collection.
    static let firstFullThreshold = 192 << 20

    let first: UnsafeMutableRawPointer
    let nursery: UnsafeMutableRawPointer
    let second: UnsafeMutableRawPointer
    let permanent: UnsafeMutableRawPointer
    /// The objects of the image that the machine was made from. They never move, and may be written. There are none
    /// without an image.
    var imageObjects: UnsafeMutableRawPointer
    var imageBytes = 0
    /// The bytes at the start of the permanent range that belong to the image.
    var permanentImageBytes = 0
    var firstIsCurrent = true
    /// The end of what the current space holds, where the next survivor is copied to.
    var oldTop: UnsafeMutableRawPointer
    var permanentTop: UnsafeMutableRawPointer
    var statistics = HeapStatistics()
    /// The bytes from the start of the nursery that may be resident because a window was that large.
    var nurseryTouched = 0

    /// Makes an empty heap.
    ///
    /// - Parameters:
    ///   - objects: The start of `3 * sizes.space` bytes.
    ///   - permanent: The start of `sizes.permanent` bytes.
    init(sizes: HeapSizes, objects: UnsafeMutableRawPointer, permanent: UnsafeMutableRawPointer) {
        spaceSize = sizes.space
        permanentSize = sizes.permanent
        stackSize = sizes.stack
        chunkCapacity = sizes.chunks
        first = objects
        nursery = objects + sizes.space
        second = objects + sizes.space * 2
        oldTop = objects
        self.permanent = permanent
        permanentTop = permanent
        imageObjects = objects
    }

    var current: UnsafeMutableRawPointer { firstIsCurrent ? first : second }
    var idle: UnsafeMutableRawPointer { firstIsCurrent ? second : first }
    /// The bytes of the current space that are in use.
    var oldBytes: Int { oldTop - current }
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
    /// The bytes copied by all collections.
    public var copiedBytes = 0
    /// The bytes allocated over the machine's life.
    public var allocatedBytes = 0
    /// The most bytes that the nursery and the spaces held together.
    public var peakBytes = 0
    /// The time spent collecting, in nanoseconds.
    public var nanoseconds: UInt64 = 0
}
