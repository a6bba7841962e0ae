/// The sizes in bytes of the address ranges that a machine reserves. Without a memory limit they are as large as is
/// reasonable. With one they are in proportion to it, so that a small machine works under tools that account for address
/// space (valgrind). They never exceed what the system's limit on address space leaves.
struct HeapSizes {
    /// The size of the old space, and of the nursery.
    let space: Int
    let permanent: Int
    /// The size of the stack, and of the range of frames.
    let stack: Int
    /// The number of chunks that can be loaded.
    let chunks: Int
    /// The memory limit that the ranges are made for when the system limits address space, because the memory outside
    /// them must find room, too. It is nil when only the machine's own limit counts.
    let imposedLimit: Int?

    /// What is reserved beyond a memory limit, for the builtins with their names and for windows that are opened before
    /// they are counted.
    private static let reserve = 64 << 20
    /// The same when address space is short. The builtins and their names take 2 MB, and no window exceeds its range.
    private static let shortReserve = 16 << 20
    /// Address space for what no limit counts: tables of fixed size, and libraries and threads that will be loaded or
    /// started later.
    private static let others = 64 << 20
    private static let mebibyte = 1 << 20
    /// The smallest memory limit, in mebibytes, with which a machine can do any work.
    private static let leastLimit = 16

    /// The sizes without regard to the system's limit.
    ///
    /// - Parameter memoryLimit: The machine's limit in bytes, or nil for none.
    private init(memoryLimit: Int?) {
        let limit = min(memoryLimit ?? .max, 1 << 36) & ~0xFFFF
        space = min(1 << 36, limit + HeapSizes.reserve)
        permanent = min(1 << 35, limit + HeapSizes.reserve)
        // A window counts only once it is open, so the range is twice as large as the limit allows.
        stack = min(1 << 35, 2 * limit + HeapSizes.reserve)
        chunks = MachineState.chunkCapacity
        imposedLimit = nil
    }

    /// The sizes for a memory limit when address space is short. Only the spaces can hold as much as the limit then.
    private init(shortFor limit: Int) {
        space = (limit + HeapSizes.shortReserve) & ~0xFFFF
        permanent = limit / 2 + HeapSizes.shortReserve
        stack = limit / 2 + HeapSizes.shortReserve
        chunks = min(MachineState.chunkCapacity, limit / (8 * MemoryLayout<LoadedChunk>.stride))
        imposedLimit = limit
    }

    /// The result is nil when there is too little room for any work.
    ///
    /// - Parameters:
    ///   - memoryLimit: The machine's limit in bytes, or nil for none.
    ///   - room: The bytes of address space that the process may still map, or nil for no limit.
    init?(memoryLimit: Int?, room: Int?) {
        let usual = HeapSizes(memoryLimit: memoryLimit)
        guard let room, usual.byteCount + min(memoryLimit ?? .max, 1 << 36) + Self.others > room else {
            self = usual
            return
        }
        guard room >= Self.leastRoom else { return nil }
        // This finds the largest limit whose ranges leave as much room outside them.
        var (fits, tooLarge) = (Self.leastLimit, room / Self.mebibyte + 1)
        while tooLarge - fits > 1 {
            let middle = (fits + tooLarge) / 2
            if Self.shortRoom(middle) <= room { fits = middle } else { tooLarge = middle }
        }
        self.init(shortFor: min(fits * Self.mebibyte, memoryLimit ?? .max))
    }

    /// The least room with which a machine can do any work.
    static let leastRoom = shortRoom(leastLimit)

    /// The address space that a machine with a limit of `mebibytes` takes, including memory outside its ranges.
    private static func shortRoom(_ mebibytes: Int) -> Int {
        HeapSizes(shortFor: mebibytes * mebibyte).byteCount + mebibytes * mebibyte + others
    }

    /// The size of the tables and the stack of a full collection.
    var marking: Int { MarkTable.byteCount(covering: 2 * space) + Marker.stackBytes(heapBytes: 2 * space) }

    /// The size of all ranges together.
    var byteCount: Int {
        2 * space + marking + permanent + 2 * stack + stack / MemoryLayout<Frame>.stride * MemoryLayout<UInt>.stride
            + chunks * MemoryLayout<LoadedChunk>.stride + MachineState.rootCapacity * MemoryLayout<Value>.stride
            + RememberedSet.capacity * MemoryLayout<UInt>.stride
    }
}
