import Glibc

/// What writers of a store do with files and directories.
enum FileTree {
    /// Creates a directory and those above it, unless they exist.
    static func makeDirectories(_ path: [UInt8]) throws(SystemError) {
        var missing: [[UInt8]] = []
        var next = path
        while unsafe mkdir(next.cPath, 0o755) != 0 {
            if errno == EEXIST { break }
            guard errno == ENOENT, next != [CanonPath.slash] else { throw SystemError(code: errno) }
            missing.append(next)
            next = CanonPath.parent(of: next)
        }
        for directory in missing.reversed() where unsafe mkdir(directory.cPath, 0o755) != 0 {
            if errno != EEXIST { throw SystemError(code: errno) }
        }
    }

    /// Writes all bytes to a file, or to a pipe that its reader may empty slowly.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(SystemError) {
        var start = 0
        while start < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
            let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                start += count
            } else if count < 0, errno == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&wait, 1, -1)
            } else if count == 0 || errno != EINTR {
                throw SystemError(code: count == 0 ? EIO : errno)
            }
        }
    }

    /// Removes a file or a directory with its contents, as far as that is possible.
    ///
    /// - Parameters:
    ///   - directory: the directory in which it is.
    ///   - path: the path relative to that.
    static func remove(_ path: [UInt8], in directory: DescriptorHandle) {
        if unsafe unlinkat(directory.descriptor, path.cPath, 0) == 0 || errno != EISDIR { return }
        // Every directory comes before those in it.
        var directories = [path]
        var index = 0
        while index < directories.count {
            let next = directories[index]
            index += 1
            // What is complete may not be written to, not even by its owner.
            unsafe fchmodat(directory.descriptor, next.cPath, 0o700, 0)
            for name in entries(next, in: directory) {
                let child = next + [CanonPath.slash] + name
                if unsafe unlinkat(directory.descriptor, child.cPath, 0) != 0, errno == EISDIR {
                    directories.append(child)
                }
            }
        }
        for next in directories.reversed() { unsafe unlinkat(directory.descriptor, next.cPath, AT_REMOVEDIR) }
    }

    private static func entries(_ path: [UInt8], in directory: DescriptorHandle) -> [[UInt8]] {
        guard let opened = try? directory.openEntry(path, directory: true),
            let entries = try? DirectoryListing.read(opened, limit: .max)
        else { return [] }
        return entries.map(\.name)
    }

    /// A name for something that gets its own name when it is complete. Threads and processes never choose the same.
    static func temporaryName() -> [UInt8] {
        Array(".firn-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36)).tmp".utf8)
    }
}
