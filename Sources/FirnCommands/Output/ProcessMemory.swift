import Glibc
import NixVM

/// Tunes how this process takes memory from the system.
package enum ProcessMemory {
    /// Uses one arena for all threads, which grows in large steps and keeps its memory. The tables of parser and
    /// compiler come and go, and a page that was returned must be zeroed again for the next file. The setting saves
    /// about a tenth of the time to read a package set.
    static func configure() { set(options) }

    /// Uses one arena for all threads if the system limits the address space: each arena would reserve 64 MiB of it.
    package static func configureForLimit() {
        if AddressSpace.limit != nil { set([(-8, 1)]) }
    }

    private static func set(_ options: [(Int32, Int32)]) {
        // The Glibc module lacks `mallopt`. A C library without the function needs no setting.
        guard let symbol = unsafe dlsym(nil, "mallopt") else { return }
        let set = unsafe unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        for (option, value) in options { _ = set(option, value) }
    }

    /// Option numbers of malloc.h, with their values.
    private static let options: [(Int32, Int32)] = [
        (-8, 1),  // M_ARENA_MAX
        (-2, 2 << 20),  // M_TOP_PAD
        (-3, 64 << 20),  // M_MMAP_THRESHOLD
        (-1, 512 << 20),  // M_TRIM_THRESHOLD
    ]

    /// Keeps an object until the process ends, because freeing the objects of an evaluation one by one would only cost
    /// time.
    static func keep(_ object: AnyObject) { _ = unsafe Unmanaged.passRetained(object) }
}
