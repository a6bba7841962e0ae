import Glibc
import NixStore
import Platform

/// The directory of the images of prepared sets:
///
///     IDENTITY.image      an image; the time of its last change is that of its last use, within a minute
///     IDENTITY.lock       held by the process that makes the image
///     IDENTITY.partial/   what this process has written so far
///     IDENTITY.failure    why the image could not be made
///
/// IDENTITY is the set's identity in hexadecimal. A partial file gets the name of an image when it is whole and on disk,
/// so whatever has such a name was whole once. The kernel releases a lock when its holder ends, for whatever reason, and
/// the next holder replaces what was left.
struct ImageDirectory: Sendable {
    let path: String

    /// A directory that the supervisor has created.
    init(path: String) { self.path = path }

    /// Creates the directory if it does not exist. Only its owner may enter it.
    ///
    /// - Throws: `ImageDirectoryError` if it cannot be made or belongs to another user.
    init(creating path: String) throws(ImageDirectoryError) {
        self.path = path
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw ImageDirectoryError(path: path, code: errno) }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw ImageDirectoryError(path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw ImageDirectoryError(path: path, code: ENOTDIR) }
        guard status.st_uid == geteuid() else { throw ImageDirectoryError(path: path, code: EPERM) }
    }

    func image(_ identity: [UInt8]) -> String { file(identity, "image") }
    private func failureFile(_ identity: [UInt8]) -> String { file(identity, "failure") }

    private func file(_ identity: [UInt8], _ kind: String) -> String {
        "\(path)/\(String(decoding: Base16.encode(identity), as: UTF8.self)).\(kind)"
    }

    func hasImage(_ identity: [UInt8]) -> Bool { unsafe access(image(identity), R_OK) == 0 }

    /// Takes the right to make the image; nil if another process has it. The right ends with the value.
    func lock(_ identity: [UInt8]) throws(ImageDirectoryError) -> ImageLock? {
        let name = file(identity, "lock")
        let descriptor = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ImageDirectoryError(path: name, code: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return ImageLock(descriptor: descriptor)
    }

    /// Gives the partial file the name of an image, when it is on disk.
    func publish(_ identity: [UInt8]) throws(ImageDirectoryError) {
        let partial = file(identity, "partial") + "/image"
        let descriptor = unsafe open(partial, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ImageDirectoryError(path: partial, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0, unsafe rename(partial, image(identity)) == 0 else {
            throw ImageDirectoryError(path: partial, code: errno)
        }
        removePartial(identity)
        unsafe unlink(failureFile(identity))
    }

    func remove(_ identity: [UInt8]) { unsafe unlink(image(identity)) }

    /// Makes room for a partial file in place of what an earlier process left. The caller holds the lock.
    ///
    /// - Returns: the path of the file.
    func beginPartial(_ identity: [UInt8]) throws(ImageDirectoryError) -> String {
        removePartial(identity)
        let folder = file(identity, "partial")
        guard unsafe mkdir(folder, 0o700) == 0 else { throw ImageDirectoryError(path: folder, code: errno) }
        return folder + "/image"
    }

    /// Removes what is not whole. The caller holds the lock.
    func removePartial(_ identity: [UInt8]) {
        let folder = file(identity, "partial")
        for entry in (try? LocalIO().readDirectory(Array(folder.utf8))) ?? [] {
            unsafe unlink("\(folder)/\(String(decoding: entry.name, as: UTF8.self))")
        }
        unsafe rmdir(folder)
    }

    /// Records why the image cannot be made.
    func record(failure reason: String, _ identity: [UInt8]) {
        // Without the file the reason is not shown, which is no reason to fail in another way.
        try? WholeFile.write(Array(reason.utf8), to: failureFile(identity), .replacing)
    }

    /// Why the image could not be made; nil if that is not known.
    func failure(_ identity: [UInt8]) -> String? {
        let reason = try? LocalIO().readFile(Array(failureFile(identity).utf8), limit: 4_096)
        return reason.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Notes that an image was used.
    func touch(_ identity: [UInt8]) { unsafe utimes(image(identity), nil) }

    /// Removes images until the rest fits, those used least recently first.
    ///
    /// - Parameter kept: an image that stays.
    /// - Returns: the identities in hexadecimal of those that were removed.
    func trim(to maximumBytes: Int, keeping kept: [UInt8]) -> [String] {
        KeptFile.surplus(images(), above: maximumBytes, keeping: image(kept)).compactMap { file in
            guard unsafe unlink(file.path) == 0 else { return nil }
            return String(file.path.dropFirst(path.count + 1).dropLast(".image".count))
        }
    }

    /// The bytes of an image; 0 if it does not exist.
    func byteCount(_ identity: [UInt8]) -> Int {
        var status = stat()
        return unsafe stat(image(identity), &status) == 0 ? status.st_size : 0
    }

    private func images() -> [KeptFile] {
        let entries = (try? LocalIO().readDirectory(Array(path.utf8))) ?? []
        return entries.compactMap { entry in
            let name = String(decoding: entry.name, as: UTF8.self)
            var status = stat()
            guard name.hasSuffix(".image"), unsafe stat("\(path)/\(name)", &status) == 0 else { return nil }
            return KeptFile(path: "\(path)/\(name)", byteCount: status.st_size, lastUse: status.st_mtim)
        }
    }
}

/// The right to make an image, which ends with the value.
struct ImageLock: ~Copyable {
    fileprivate let descriptor: Int32

    deinit { close(descriptor) }
}

/// A file of the directory of images cannot be used.
struct ImageDirectoryError: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    var description: String { "'\(path)' cannot be used for images: \(unsafe String(cString: strerror(code)))" }
}
