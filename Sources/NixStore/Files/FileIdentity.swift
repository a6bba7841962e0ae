import Glibc

/// What a file system says of a file, by which a change of its contents is noticed without reading them.
public struct FileIdentity: Hashable, Sendable, Codable {
    public let device: UInt64
    public let inode: UInt64
    /// The size in bytes.
    public let size: Int
    /// The times of the last change of the contents, and of contents or attributes, in nanoseconds since 1970.
    public let modified: Int64
    public let changed: Int64

    package init(device: UInt64, inode: UInt64, size: Int, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    package init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue &+ Int64(time.tv_nsec)
    }

    /// Whether the last change is so long ago that another one would have another time. File systems keep times with a
    /// resolution of up to two seconds.
    public var isSettled: Bool {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return max(modified, changed) < Self.nanoseconds(now) - Self.settlingTime
    }

    private static let settlingTime: Int64 = 3_000_000_000

    /// A text that is the same for equal identities only.
    public var text: String { "\(device).\(inode).\(size).\(modified).\(changed)" }
}
