/// Bytes of the address ranges that a machine reserves: as large as ranges can sensibly be, or in proportion to a memory
/// limit, so that tools which account for address space (valgrind) can live with a small machine; and no larger than
/// what the system's own limit on address space leaves.
struct HeapSizes {
    /// Of each space and of the nursery.
    let space: Int
    let permanent: Int
    /// Of the stack, and of the frames.
    let stack: Int
    /// Chunks that can be loaded.
    let chunks: Int
    /// The memory limit for which the ranges are made where the system limits address space: what is taken beside them
    /// must find room, too. Nil: there is no limit but the machine's own.
    let imposedLimit: Int?

    /// What is reserved beyond a memory limit: builtins, their names, and windows that are opened before they are counted.
    private static let reserve = 64 << 20
    /// The same where address space is short. The builtins and their names take 2 MB, and no window passes its range.
    private static let shortReserve = 16 << 20
    /// Address space for what no limit counts: libraries and threads that are still to come, tables of a fixed size.
    private static let others = 64 << 20
    private static let mebibyte = 1 << 20
    /// Mebibytes of the least memory limit that a machine does any work with.
    private static let leastLimit = 16

    /// Ranges for a machine, without a look at the system's limit.
    ///
    /// - Parameter memoryLimit: in bytes; nil for none.
    private init(memoryLimit: Int?) {
        let limit = min(memoryLimit ?? .max, 1 << 36) & ~0xFFFF
        space = min(1 << 36, limit + HeapSizes.reserve)
        permanent = min(1 << 35, limit + HeapSizes.reserve)
        // Two of what the limit allows, since a window is counted only when it is open.
        stack = min(1 << 35, 2 * limit + HeapSizes.reserve)
        chunks = MachineState.chunkCapacity
        imposedLimit = nil
    }

    /// Ranges for a memory limit where address space is short: only the spaces can hold as much as the limit.
    private init(shortFor limit: Int) {
        space = limit + HeapSizes.shortReserve
        permanent = limit / 2 + HeapSizes.shortReserve
        stack = limit / 2 + HeapSizes.shortReserve
        chunks = min(MachineState.chunkCapacity, limit / (8 * MemoryLayout<LoadedChunk>.stride))
        imposedLimit = limit
    }

    /// - Parameters:
    ///   - memoryLimit: of the machine, in bytes; nil for none.
    ///   - room: bytes of address space that the process may still take; nil for no limit.
    /// - Returns: nil when the room is too little for any work.
    init?(memoryLimit: Int?, room: Int?) {
        let usual = HeapSizes(memoryLimit: memoryLimit)
        guard let room, usual.byteCount + min(memoryLimit ?? .max, 1 << 36) + Self.others > room else {
            self = usual
            return
        }
        guard room >= Self.leastRoom else { return nil }
        // The largest limit whose ranges leave room for as much beside them.
        var (fits, tooLarge) = (Self.leastLimit, room / Self.mebibyte + 1)
        while tooLarge - fits > 1 {
            let middle = (fits + tooLarge) / 2
            if Self.shortRoom(middle) <= room { fits = middle } else { tooLarge = middle }
        }
        self.init(shortFor: min(fits * Self.mebibyte, memoryLimit ?? .max))
    }

    /// The least room for a machine.
    static let leastRoom = shortRoom(leastLimit)

    /// What a machine with a limit of so many mebibytes takes of address space, with what lies beside its ranges.
    private static func shortRoom(_ mebibytes: Int) -> Int {
        HeapSizes(shortFor: mebibytes * mebibyte).byteCount + mebibytes * mebibyte + others
    }

    /// Of all ranges together.
    var byteCount: Int {
        3 * space + permanent + 2 * stack + stack / MemoryLayout<Frame>.stride * MemoryLayout<UInt>.stride
            + chunks * MemoryLayout<LoadedChunk>.stride + MachineState.rootCapacity * MemoryLayout<Value>.stride
            + RememberedSet.capacity * MemoryLayout<UInt>.stride
    }
}
