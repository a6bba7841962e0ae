/// Where objects lie in the ranges of a machine. All are reserved at once and touched as used.
///
/// What is made lies in the nursery. What is alive there when it is full moves to the older of two spaces, and so the
/// nursery's pages are used again and again. Now and then everything alive moves to the other space. The permanent
/// range holds what programs carry (constants, layouts, names); nothing in it moves, and nothing in it refers to the
/// rest.
struct Heap: BitwiseCopyable {
    /// Bytes of each space and of the nursery, which lies between the two: so the nursery and either space are one range.
    let spaceSize: Int
    let permanentSize: Int
    /// Of the stack, and of the frames.
    let stackSize: Int
    /// Chunks that can be loaded.
    let chunkCapacity: Int
    /// Bytes of the nursery that are filled between collections, where little is on the stack.
    static let nurserySize = 4 << 20
    /// Bytes that may have lived on before everything is moved for the first time.
    static let firstFull = 192 << 20

    let first: UnsafeMutableRawPointer
    let nursery: UnsafeMutableRawPointer
    let second: UnsafeMutableRawPointer
    let permanent: UnsafeMutableRawPointer
    var firstIsCurrent = true
    /// Where what is made next to live long goes, in the current space.
    var oldTop: UnsafeMutableRawPointer
    var permanentTop: UnsafeMutableRawPointer
    var statistics = HeapStatistics()
    /// End of what the nursery may hold in memory beyond its usual size.
    var nurseryTouched = 0

    /// An empty heap.
    ///
    /// - Parameters:
    ///   - objects: start of three times `sizes.space` bytes.
    ///   - permanent: start of `sizes.permanent` bytes.
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
    }

    var current: UnsafeMutableRawPointer { firstIsCurrent ? first : second }
    var idle: UnsafeMutableRawPointer { firstIsCurrent ? second : first }
    /// Bytes of the current space in use.
    var oldBytes: Int { oldTop - current }
    var permanentBytes: Int { permanentTop - permanent }

    /// Takes words from the permanent range; nil when it has not so many.
    ///
    /// - Parameter promised: bytes that must be left for the strings of names, which are made without asking.
    mutating func allocatePermanent(ifRoom words: Int, beside promised: Int = 0) -> Object? {
        guard words >= 0, words <= (permanentSize - permanentBytes - promised) / 8 else { return nil }
        let object = permanentTop.assumingMemoryBound(to: UInt64.self)
        permanentTop += words &* 8
        return object
    }

    /// Takes words of which it is known that there is room: those of a machine that is being made, and those that were
    /// promised to a name when it was added.
    mutating func allocatePermanent(words: Int) -> Object {
        guard let object = allocatePermanent(ifRoom: words) else {
            fatalError("\(words) words of the permanent range were not promised before they were taken")
        }
        return object
    }
}

/// What `--stats` reports of the heap. Sizes in bytes.
public struct HeapStatistics: Sendable, Equatable, BitwiseCopyable {
    public var collections = 0
    /// Of these, how many moved everything alive and not only what was new.
    public var fullCollections = 0
    /// Bytes moved by all collections.
    public var copiedBytes = 0
    /// Bytes allocated over the machine's life.
    public var allocatedBytes = 0
    /// The most that nursery and spaces held together.
    public var peakBytes = 0
    /// Nanoseconds spent collecting.
    public var nanoseconds: UInt64 = 0
}
