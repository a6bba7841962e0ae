import Glibc

/// An open regular file that belongs to this user and that nobody else may read or write. This value is the only owner
/// of its descriptor.
struct OwnedFile: ~Copyable {
    private let descriptor: Int32

    /// What tells a file from others of the system.
    struct Identity: Equatable {
        var device: dev_t
        var inode: ino_t
    }

    /// Opens a file; fails if it does not exist, is no regular file, or others than its owner may use it.
    ///
    /// - Parameters:
    ///   - path: the path, whose last component is not followed if it is a link.
    ///   - flags: how it is opened. A new file has the mode 0600.
    init?(_ path: String, _ flags: Int32) {
        let opened = unsafe open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o600)
        guard opened >= 0 else { return nil }
        var status = stat()
        guard unsafe fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0
        else {
            close(opened)
            return nil
        }
        descriptor = opened
    }

    deinit { close(descriptor) }

    private var status: stat {
        var status = stat()
        _ = unsafe fstat(descriptor, &status)
        return status
    }

    var byteCount: Int { Int(status.st_size) }

    var identity: Identity { Identity(device: status.st_dev, inode: status.st_ino) }

    /// What a path refers to.
    static func identity(of path: String) -> Identity? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return Identity(device: status.st_dev, inode: status.st_ino)
    }

    /// Reads bytes into all of a buffer; false if the file ends before, or cannot be read.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var done = 0
        while done < buffer.count {
            let count = unsafe pread(
                descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done, offset + done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    func read(at offset: Int, count: Int) -> [UInt8]? {
        var isWhole = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            isWhole = unsafe read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = isWhole ? count : 0
        }
        return isWhole ? bytes : nil
    }

    /// Writes bytes; false if not all could be written.
    func write(_ bytes: [UInt8], at offset: Int) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = unsafe pwrite(
                    descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done, offset + done)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    /// Sets the size of the file.
    func resize(to count: Int) -> Bool { ftruncate(descriptor, count) == 0 }

    /// Locks the file against other descriptors of it, until this value ends.
    ///
    /// - Parameter milliseconds: how long to wait for another one, which may have been stopped and never end.
    func lock(waiting milliseconds: Int) -> Bool {
        for _ in 0...max(0, milliseconds / Self.lockPoll) {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK || errno == EINTR else { return false }
            poll(nil, 0, Int32(Self.lockPoll))
        }
        return false
    }

    /// Milliseconds between two attempts to lock a file.
    private static let lockPoll = 5
}
