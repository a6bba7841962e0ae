import Glibc
import Platform

/// The files of a cache, in subfolders of one level. No operation fails: a file that cannot be read counts as absent,
/// and one that cannot be written is dropped.
struct CacheFolder {
    let path: String

    struct File {
        /// The path relative to the folder.
        var path: String
        var bytes: Int
        /// The time of the last use in seconds since 1970, with a resolution of one day.
        var lastUse: Int
    }

    /// The largest file in bytes that the cache reads.
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
        // The time is only updated once a day, so that reading a file rarely writes.
        if time(nil) - status.st_mtim.tv_sec > Self.day { _ = futimens(descriptor, nil) }
        return bytes.count == size ? bytes : nil
    }

    /// Writes a file atomically.
    func write(_ bytes: [UInt8], to name: String) -> Bool {
        let target = "\(path)/\(name)"
        guard Self.make(String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)])) else { return false }
        do throws(WriteFailure) { try WholeFile.write(bytes, to: target, mode: 0o600, .replacing) } catch {
            return false
        }
        return true
    }

    /// Creates a folder and its ancestors, accessible only by the user.
    static func make(_ name: String) -> Bool {
        if unsafe mkdir(name, 0o700) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let slash = name.lastIndex(of: "/"), slash > name.startIndex else { return false }
        guard make(String(name[..<slash])) else { return false }
        return unsafe mkdir(name, 0o700) == 0 || errno == EEXIST
    }

    func remove(_ name: String) { unsafe unlink("\(path)/\(name)") }

    func files() -> [File] {
        Self.names(in: path).flatMap { folder in
            Self.names(in: "\(path)/\(folder)").compactMap { name in
                var status = stat()
                let file = "\(folder)/\(name)"
                guard unsafe lstat("\(path)/\(file)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                    return nil
                }
                return File(path: file, bytes: Int(status.st_size), lastUse: status.st_mtim.tv_sec)
            }
        }
    }

    static func names(in directory: String) -> [String] {
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

    /// Removes the least recently used files until at most three quarters of the limit are in use.
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
