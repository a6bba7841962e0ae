import Glibc
import NixVM

/// How this process takes memory from the system.
package enum ProcessMemory {
    /// One arena for all threads, taken in large steps and kept: the parser's and compiler's tables come and go, and a
    /// page that is given back must be zeroed again for the next file. Measured at a tenth of the time of reading a
    /// package set.
    static func configure() { set(options) }

    /// One arena for all threads where the system limits address space: each would reserve 64 MiB of that.
    package static func configureForLimit() {
        if AddressSpace.limit != nil { set([(-8, 1)]) }
    }

    private static func set(_ options: [(Int32, Int32)]) {
        // `mallopt` is not in the Glibc module. Where the C library has none, there is nothing to set.
        guard let symbol = unsafe dlsym(nil, "mallopt") else { return }
        let set = unsafe unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        for (option, value) in options { _ = set(option, value) }
    }

    /// Numbers of malloc.h and bytes.
    private static let options: [(Int32, Int32)] = [
        (-8, 1),  // M_ARENA_MAX
        (-2, 2 << 20),  // M_TOP_PAD
        (-3, 64 << 20),  // M_MMAP_THRESHOLD
        (-1, 512 << 20),  // M_TRIM_THRESHOLD
    ]

    /// Keeps an object until the process ends, which is soon: to free what an evaluation made piece by piece would only
    /// cost time.
    static func keep(_ object: AnyObject) { _ = unsafe Unmanaged.passRetained(object) }
}
