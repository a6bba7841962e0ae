import Glibc
import Platform

/// Reads and writes key files. A new file has exactly the given permissions; the umask applies to a new directory.
enum KeyFile {
    /// The size bound of a file. A certificate has a few hundred bytes.
    private static let maxBytes = 64 << 10

    static func makeDirectory(_ path: String, mode: mode_t) throws(KeyError) {
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw failure(path) }
    }

    /// Creates a new file with the given text. It fails if the file exists.
    static func create(_ path: String, text: String, mode: mode_t) throws(KeyError) {
        do throws(WriteFailure) {
            try WholeFile.write(Array(text.utf8), to: path, mode: mode, .creating)
        } catch {
            guard error.code == EEXIST else { throw .file(path: path, reason: error.reason) }
            throw .file(path: path, reason: "there is a key already; remove it to make a new one")
        }
    }

    static func read(_ path: String, isSecret: Bool) throws(KeyError) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard !isSecret || status.st_mode & 0o077 == 0 else {
            throw .file(path: path, reason: "others may read this secret key; run chmod 600 on it")
        }
        var bytes = [UInt8](repeating: 0, count: maxBytes + 1)
        var count = 0
        while count < bytes.count {
            let more = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            guard more >= 0 else { throw failure(path) }
            if more == 0 { break }
            count += more
        }
        guard count <= maxBytes, let text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw .file(path: path, reason: "it is not a key file")
        }
        return text
    }

    static func remove(_ path: String) throws(KeyError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure(path) }
    }

    /// Waits until the names in a directory are on disk.
    static func sync(_ path: String) throws(KeyError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    /// The names in a directory, sorted.
    static func list(_ path: String) throws(KeyError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw failure(path) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: unsafe entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func failure(_ path: String) -> KeyError {
        .file(path: path, reason: unsafe String(cString: strerror(errno)))
    }
}
