import Glibc

/// The system's limit on the address space of this process (`ulimit -v`, `RLIMIT_AS`).
public enum AddressSpace {
    /// The bytes that this process may map, or nil if there is no limit.
    public static var limit: Int? {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0, limits.rlim_cur < rlim_t(Int.max) else {
            return nil
        }
        return Int(limits.rlim_cur)
    }

    /// The bytes that this process may still map, or nil if there is no limit.
    static var room: Int? { limit.map { max(0, $0 - mappedBytes) } }

    /// The bytes that are mapped. The first number of `/proc/self/statm` is their number in pages; 0 is assumed if the
    /// file cannot be read.
    private static var mappedBytes: Int {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &text, text.count)
        let digits = text.prefix(max(0, count)).prefix { $0 != UInt8(ascii: " ") }
        return (Int(String(decoding: digits, as: UTF8.self)) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Whether there is room for a machine that can do some work.
    public static var hasRoom: Bool { HeapSizes(memoryLimit: nil, room: room) != nil }

    /// The message that a machine's ranges cannot be reserved, with the reason and what to do.
    public static var failureText: String {
        let failure = "the address space for the heap cannot be reserved"
        guard let limit, let room else { return failure }
        return failure + ": the system limits this process to \(limit) bytes of it (ulimit -v, RLIMIT_AS), of which "
            + "\(room) are left, and \(HeapSizes.leastRoom) are needed; raise that limit, and bound memory by "
            + "--max-memory instead"
    }
}
