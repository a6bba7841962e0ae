import Glibc

/// An open file or directory, closed when the last reference goes.
///
/// All calls retry when a signal interrupts them, and report failure as `errno`.
final class DescriptorHandle: Sendable {
    let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Never waits for the other end of a FIFO, never makes a terminal the controlling one, never leaks to children.
    static let readingFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY

    /// Opens `path`, following links.
    static func open(_ path: [UInt8], directory: Bool) throws(SystemError) -> DescriptorHandle {
        let flags = readingFlags | (directory ? O_DIRECTORY : 0)
        return DescriptorHandle(try retrying { unsafe Glibc.open(path.cPath, flags) })
    }

    /// Opens a file; a link as the last component is an error (`ELOOP`).
    static func openUnfollowed(_ path: [UInt8]) throws(SystemError) -> DescriptorHandle {
        DescriptorHandle(try retrying { unsafe Glibc.open(path.cPath, readingFlags | O_NOFOLLOW) })
    }

    /// Opens one component below this directory; a link there is an error (`ELOOP`, or `ENOTDIR` for a directory).
    func openEntry(_ name: [UInt8], directory: Bool) throws(SystemError) -> DescriptorHandle {
        let flags = Self.readingFlags | O_NOFOLLOW | (directory ? O_DIRECTORY : 0)
        return DescriptorHandle(try retrying { unsafe openat(descriptor, name.cPath, flags) })
    }

    /// The target of the link `name` below this directory.
    func readLink(_ name: [UInt8]) throws(SystemError) -> [UInt8] {
        try Self.readLink(at: descriptor, name)
    }

    /// The target of a link, relative to the directory `directory`.
    static func readLink(at directory: Int32, _ path: [UInt8]) throws(SystemError) -> [UInt8] {
        // PATH_MAX of Linux: no link is longer.
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try retrying { Int32(truncatingIfNeeded: unsafe readlinkat(directory, path.cPath, &buffer, 4096)) }
        return buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }
    }

    /// The status of what lies at `path` relative to `directory`; a link as the last component is followed if asked.
    static func status(at directory: Int32, _ path: [UInt8], followsLinks: Bool = false) throws(SystemError) -> stat {
        var result = stat()
        let flags = followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
        _ = try retrying { unsafe fstatat(directory, path.cPath, &result, flags) }
        return result
    }

    /// The status of the open file itself.
    func status() throws(SystemError) -> stat {
        var result = stat()
        _ = try retrying { unsafe fstat(descriptor, &result) }
        return result
    }

    /// Reads to the end, but at most `limit` bytes; nil if there are more.
    func readAll(sizeHint: Int, limit: Int) throws(SystemError) -> [UInt8]? {
        var contents: [UInt8] = []
        // One byte more than expected, so that the end is found without growing.
        var room = min(max(sizeHint, 0), limit) + 1
        while true {
            let old = contents.count
            var count = 0
            let block = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
                repeat {
                    count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                } while count < 0 && errno == EINTR
                initialized = max(0, count)
            }
            if count < 0 { throw SystemError(code: errno) }
            if count == 0 { return contents }
            if old > limit - count { return nil }
            if old == 0 { contents = block } else { contents += block }
            // Had the file grown, the byte more would have come too.
            if old == 0, count == sizeHint, count < room { return contents }
            room = min(max(room - count, 1 << 12), 1 << 20)
        }
    }

    /// Reads the next bytes; 0 at the end.
    func read(into chunk: inout [UInt8]) throws(SystemError) -> Int {
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count >= 0 { return count }
            if errno != EINTR { throw SystemError(code: errno) }
        }
    }
}

/// A failed call of the operating system.
struct SystemError: Error {
    let code: Int32
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
    /// The path with the zero byte that C wants at its end.
    var cPath: [CChar] {
        var result: [CChar] = []
        result.reserveCapacity(count + 1)
        for byte in self { result.append(CChar(bitPattern: byte)) }
        result.append(0)
        return result
    }
}

/// Repeats a call while signals interrupt it; throws what `errno` says when it fails.
private func retrying(_ call: () -> Int32) throws(SystemError) -> Int32 {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError(code: errno) }
    }
}
