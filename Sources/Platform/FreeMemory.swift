import Glibc

/// The memory that the C library's allocator has and does not use.
public enum FreeMemory {
    /// Returns it to the system. The allocator keeps what is freed for later, which after a large evaluation is a large
    /// part of what that took.
    public static func giveBack() {
        // The Glibc module lacks `malloc_trim`. A C library without the function keeps its memory.
        guard let symbol = unsafe dlsym(nil, "malloc_trim") else { return }
        let trim = unsafe unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)
        _ = trim(0)
    }
}
