import Glibc

/// Reads the entries of an open directory.
enum DirectoryListing {
    /// The entries, sorted by name; nil if there are more than `limit`.
    static func read(_ directory: DescriptorHandle, limit: Int) throws(SystemError) -> [DirectoryEntry]? {
        // A directory stream owns its descriptor and its position, so it needs a descriptor of its own.
        let descriptor = unsafe openat(directory.descriptor, ".", DescriptorHandle.readingFlags | O_DIRECTORY)
        if descriptor < 0 { throw SystemError(code: errno) }
        guard let stream = unsafe fdopendir(descriptor) else {
            let code = errno
            close(descriptor)
            throw SystemError(code: code)
        }
        defer { unsafe closedir(stream) }
        var entries: [DirectoryEntry] = []
        while let entry = try unsafe nextEntry(stream, of: directory) {
            if entry.name == [CanonPath.dot] || entry.name == [CanonPath.dot, CanonPath.dot] { continue }
            if entries.count == limit { return nil }
            entries.append(entry)
        }
        return entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private static func nextEntry(
        _ stream: OpaquePointer, of directory: DescriptorHandle
    ) throws(SystemError) -> DirectoryEntry? {
        errno = 0
        guard let record = unsafe readdir(stream) else {
            if errno != 0 { throw SystemError(code: errno) }
            return nil
        }
        let name = unsafe withUnsafeBytes(of: &record.pointee.d_name) { bytes in
            unsafe Array(bytes.prefix { $0 != 0 })
        }
        if let type = unsafe fileType(record.pointee.d_type) { return DirectoryEntry(name: name, type: type) }
        let status = try DescriptorHandle.status(at: directory.descriptor, name)
        return DirectoryEntry(name: name, type: status.fileType)
    }

    /// The type in a directory entry; nil if the file system does not provide it.
    private static func fileType(_ code: UInt8) -> FileType? {
        switch Int(code) {
        case Int(DT_REG): .regular
        case Int(DT_DIR): .directory
        case Int(DT_LNK): .symlink
        case Int(DT_UNKNOWN): nil
        default: .unknown
        }
    }
}
