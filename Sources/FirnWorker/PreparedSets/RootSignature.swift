import Glibc

/// What tells that the directory of a root was replaced, without reading what is in it.
struct RootSignature: Equatable, Sendable {
    private let device: dev_t
    private let inode: ino_t
    private let changed: Int
    private let changedNanoseconds: Int

    /// Nil if the directory does not exist.
    init?(of directory: String) {
        var status = stat()
        guard unsafe stat(directory, &status) == 0 else { return nil }
        device = status.st_dev
        inode = status.st_ino
        changed = status.st_ctim.tv_sec
        changedNanoseconds = status.st_ctim.tv_nsec
    }
}
