import CPlatform
import Glibc

/// An open file or directory, which is closed when the last reference is released.
///
/// All calls are retried when a signal interrupts them, and report errors by `errno`.
final class DescriptorHandle: Sendable {
    let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Flags for reading: opening a FIFO does not block, a terminal does not become the controlling one, and the
    /// descriptor is not inherited.
    static let readingFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY

    /// Opens a path. Symbolic links are followed.
    static func open(_ path: [UInt8], directory: Bool) throws(SystemError) -> DescriptorHandle {
        let flags = readingFlags | (directory ? O_DIRECTORY : 0)
        return DescriptorHandle(try retrying { unsafe Glibc.open(path.cPath, flags) })
    }

    /// Opens a file. It is an error (`ELOOP`) if the last component is a symbolic link.
    static func openUnfollowed(_ path: [UInt8]) throws(SystemError) -> DescriptorHandle {
        DescriptorHandle(try retrying { unsafe Glibc.open(path.cPath, readingFlags | O_NOFOLLOW) })
    }

    /// A new file for reading and writing that vanishes with its last reference.
    static func scratch(in directory: [UInt8]) throws(SystemError) -> DescriptorHandle {
        let nameless = unsafe firn_scratch_file(directory.cPath)
        if nameless >= 0 { return DescriptorHandle(nameless) }
        // Not every file system has files without names.
        let path = directory + [CanonPath.slash] + FileTree.temporaryName()
        let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let file = DescriptorHandle(try retrying { unsafe Glibc.open(path.cPath, flags, 0o600) })
        unsafe unlink(path.cPath)
        return file
    }

    /// Reads exactly `count` bytes from an offset on. It is an error (`EIO`) if there are fewer.
    func read(at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count, code == 0 {
                let all = UnsafeMutableRawBufferPointer(buffer)
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: all[initialized...])
                let read = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset + initialized))
                if read > 0 {
                    initialized += read
                } else if read == 0 || errno != EINTR {
                    code = read == 0 ? EIO : errno
                }
            }
        }
        if code != 0 { throw SystemError(code: code) }
        return bytes
    }

    /// Opens an entry of this directory. It is an error (`ELOOP`, or `ENOTDIR` for a directory) if it is a symbolic
    /// link.
    func openEntry(_ name: [UInt8], directory: Bool) throws(SystemError) -> DescriptorHandle {
        let flags = Self.readingFlags | O_NOFOLLOW | (directory ? O_DIRECTORY : 0)
        return DescriptorHandle(try retrying { unsafe openat(descriptor, name.cPath, flags) })
    }

    /// The target of a symbolic link in this directory.
    func readLink(_ name: [UInt8]) throws(SystemError) -> [UInt8] {
        try Self.readLink(at: descriptor, name)
    }

    /// The target of a symbolic link, relative to `directory`.
    static func readLink(at directory: Int32, _ path: [UInt8]) throws(SystemError) -> [UInt8] {
        // PATH_MAX on Linux, which no target exceeds.
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try retrying { Int32(truncatingIfNeeded: unsafe readlinkat(directory, path.cPath, &buffer, 4096)) }
        return buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }
    }

    /// The status of a path relative to `directory`. A symbolic link as the last component is only followed if
    /// `followsLinks` is set.
    static func status(at directory: Int32, _ path: [UInt8], followsLinks: Bool = false) throws(SystemError) -> stat {
        var result = stat()
        let flags = followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
        _ = try retrying { unsafe fstatat(directory, path.cPath, &result, flags) }
        return result
    }

    /// The status of the open file.
    func status() throws(SystemError) -> stat {
        var result = stat()
        _ = try retrying { unsafe fstat(descriptor, &result) }
        return result
    }

    /// Reads up to the end; nil if there are more than `limit` bytes.
    func readAll(sizeHint: Int, limit: Int) throws(SystemError) -> [UInt8]? {
        var contents: [UInt8] = []
        // One byte more than expected, so that the end is found without a larger buffer.
        var capacity = min(max(sizeHint, 0), limit) + 1
        while true {
            let old = contents.count
            var count = 0
            let block = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
                repeat {
                    count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                } while count < 0 && errno == EINTR
                initialized = max(0, count)
            }
            if count < 0 { throw SystemError(code: errno) }
            if count == 0 { return contents }
            if old > limit - count { return nil }
            if old == 0 { contents = block } else { contents += block }
            // If the file had grown, the additional byte would have been read.
            if old == 0, count == sizeHint, count < capacity { return contents }
            capacity = min(max(capacity - count, 1 << 12), 1 << 20)
        }
    }

    /// Reads the next bytes and returns their number; 0 at the end.
    func read(into chunk: inout [UInt8]) throws(SystemError) -> Int {
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count >= 0 { return count }
            if errno != EINTR { throw SystemError(code: errno) }
        }
    }
}

extension stat {
    var fileType: FileType {
        switch st_mode & S_IFMT {
        case S_IFREG: .regular
        case S_IFDIR: .directory
        case S_IFLNK: .symlink
        default: .unknown
        }
    }
}

extension [UInt8] {
    /// The path as a null-terminated C string.
    var cPath: [CChar] {
        var result: [CChar] = []
        result.reserveCapacity(count + 1)
        for byte in self { result.append(CChar(bitPattern: byte)) }
        result.append(0)
        return result
    }
}

/// Repeats a system call while signals interrupt it, and throws its `errno` if it fails.
func retrying(_ call: () -> Int32) throws(SystemError) -> Int32 {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError(code: errno) }
    }
}
