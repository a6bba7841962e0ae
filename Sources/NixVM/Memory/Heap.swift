import Glibc

/// The address ranges a machine owns. All are reserved at once and touched as used.
///
/// Two spaces take turns as the collector moves what is alive from one to the other. The permanent range holds
/// what programs carry (constants, layouts, names); nothing in it moves, and nothing in it refers to the spaces.
struct Heap {
    /// Reserved bytes of each space.
    static let spaceSize = 1 << 36
    static let permanentSize = 1 << 35
    /// Bytes at the start of a space that have small pages.
    static let smallPages = 8 << 20
    static let stackSize = 1 << 35
    static let framesSize = 1 << 35

    let first: UnsafeMutableRawPointer
    let second: UnsafeMutableRawPointer
    let permanent: UnsafeMutableRawPointer
    let stack: UnsafeMutableRawPointer
    let frames: UnsafeMutableRawPointer
    /// As long as the frames: see `TailSites`.
    let tailSites: UnsafeMutableRawPointer
    var firstIsCurrent = true
    var permanentTop: UnsafeMutableRawPointer
    var statistics = HeapStatistics()
    /// End of what the idle space may still hold in memory.
    var idleResident = 0

    init?() {
        guard let first = Heap.reserve(Heap.spaceSize), let second = Heap.reserve(Heap.spaceSize),
            let permanent = Heap.reserve(Heap.permanentSize), let stack = Heap.reserve(Heap.stackSize),
            let frames = Heap.reserve(Heap.framesSize), let tailSites = Heap.reserve(Heap.framesSize)
        else { return nil }
        // A fault for each 4 KiB costs as much as filling them: past what small programs use, pages are large.
        for space in [first, second] {
            madvise(space + Heap.smallPages, Heap.spaceSize - Heap.smallPages, MADV_HUGEPAGE)
        }
        self.first = first
        self.second = second
        self.permanent = permanent
        self.stack = stack
        self.frames = frames
        self.tailSites = tailSites
        permanentTop = permanent
    }

    private static func reserve(_ size: Int) -> UnsafeMutableRawPointer? {
        let range = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        return range == MAP_FAILED ? nil : range
    }

    func release() {
        munmap(first, Heap.spaceSize)
        munmap(second, Heap.spaceSize)
        munmap(permanent, Heap.permanentSize)
        munmap(stack, Heap.stackSize)
        munmap(frames, Heap.framesSize)
        munmap(tailSites, Heap.framesSize)
    }

    var current: UnsafeMutableRawPointer { firstIsCurrent ? first : second }
    var idle: UnsafeMutableRawPointer { firstIsCurrent ? second : first }
    var permanentBytes: Int { permanentTop - permanent }

    /// Takes words from the permanent range.
    mutating func allocatePermanent(words: Int) -> Object {
        let object = permanentTop.assumingMemoryBound(to: UInt64.self)
        permanentTop += words &* 8
        return object
    }
}

/// What `--stats` reports of the heap. Sizes in bytes.
public struct HeapStatistics: Sendable, Equatable {
    public var collections = 0
    /// Bytes moved by all collections.
    public var copiedBytes = 0
    /// Bytes allocated over the machine's life.
    public var allocatedBytes = 0
    /// The most that both spaces held together.
    public var peakBytes = 0
    /// Nanoseconds spent collecting.
    public var nanoseconds: UInt64 = 0
}
