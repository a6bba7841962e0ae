import Glibc

/// The files of a cache, in folders of one level. Nothing here fails: what cannot be read is not there, and what cannot
/// be written is not kept.
struct CacheFolder {
    let path: String

    struct File {
        /// Below the folder.
        var path: String
        var bytes: Int
        /// Seconds since 1970 when it was last used, within a day.
        var lastUse: Int
    }

    /// Larger files are none of ours.
    private static let largestFile = 1 << 28
    private static let day = 86_400

    func read(_ name: String, limit: Int = .max) -> [UInt8]? {
        let descriptor = unsafe open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= min(Self.largestFile, limit)
        else { return nil }
        let size = Int(status.st_size)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let read = unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + count }, size - count)
                if read < 0 && errno == EINTR { continue }
                if read <= 0 { break }
                count += read
            }
        }
        // Noted once a day, so that reading does not write.
        if time(nil) - status.st_mtim.tv_sec > Self.day { _ = futimens(descriptor, nil) }
        return bytes.count == size ? bytes : nil
    }

    /// Puts a file in its place, whole or not at all.
    func write(_ bytes: [UInt8], to name: String) -> Bool {
        let target = "\(path)/\(name)"
        guard makeFolder(String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)])) else { return false }
        // Threads of one process may write the same file, too.
        let temporary = "\(target).\(getpid()).\(UInt64.random(in: .min ... .max)).tmp"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        let isWhole = write(bytes, descriptor)
        guard close(descriptor) == 0, isWhole, unsafe rename(temporary, target) == 0 else {
            unsafe unlink(temporary)
            return false
        }
        return true
    }

    private func write(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var start = 0
        while start < bytes.count {
            let written = unsafe bytes[start...].withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return false }
            start += written
        }
        return true
    }

    /// Makes a folder and those above it, for the user alone.
    private func makeFolder(_ name: String) -> Bool {
        if unsafe mkdir(name, 0o700) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let slash = name.lastIndex(of: "/"), slash > name.startIndex else { return false }
        guard makeFolder(String(name[..<slash])) else { return false }
        return unsafe mkdir(name, 0o700) == 0 || errno == EEXIST
    }

    func remove(_ name: String) { unsafe unlink("\(path)/\(name)") }

    func files() -> [File] {
        names(in: path).flatMap { folder in
            names(in: "\(path)/\(folder)").compactMap { name in
                var status = stat()
                let file = "\(folder)/\(name)"
                guard unsafe lstat("\(path)/\(file)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                    return nil
                }
                return File(path: file, bytes: Int(status.st_size), lastUse: status.st_mtim.tv_sec)
            }
        }
    }

    private func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes what was not used for the longest, until three quarters of the bound are left.
    func trim(to maximumBytes: Int) {
        let files = files()
        var total = files.reduce(0) { $0 + $1.bytes }
        guard total > maximumBytes else { return }
        for file in files.sorted(by: { $0.lastUse < $1.lastUse }) where total > maximumBytes / 4 * 3 {
            remove(file.path)
            total -= file.bytes
        }
    }
}
