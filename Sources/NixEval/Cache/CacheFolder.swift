import Glibc
import Platform

/// The folder of the cache. It has three files:
/// - `entries`, the programs (`CacheFile`);
/// - `key`, 16 random bytes for the checksums of the programs, which only the user can read;
/// - `lock`, which whoever changes one of the others has locked. It is not replaced while it is the user's.
///
/// Nothing in it is used if the folder or the file belongs to somebody else, or if others may write there. No operation
/// throws: what cannot be read counts as absent, and what cannot be written is dropped.
struct CacheFolder {
    let path: String

    var entriesPath: String { "\(path)/entries" }
    /// The name of a file that is to become `entries`.
    var newEntriesPath: String { "\(path)/entries.new" }
    private var keyPath: String { "\(path)/key" }
    private var lockPath: String { "\(path)/lock" }

    /// Whether the folder exists, and only the user may change what is in it.
    var isOwn: Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
            && status.st_mode & 0o022 == 0
    }

    /// Creates the folder and its ancestors, accessible only by the user.
    func make() -> Bool { Self.make(path) && isOwn }

    static func make(_ name: String) -> Bool {
        if unsafe mkdir(name, 0o700) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let slash = name.lastIndex(of: "/"), slash > name.startIndex else { return false }
        guard make(String(name[..<slash])) else { return false }
        return unsafe mkdir(name, 0o700) == 0 || errno == EEXIST
    }

    /// How long to wait for another process that changes the folder, in milliseconds. Writing all programs of a large
    /// package set takes less.
    private static let lockWait = 2000

    /// Calls a function while no other process changes the folder.
    ///
    /// - Returns: the result; nil if the lock cannot be had.
    func locked<Result>(_ body: () -> Result?) -> Result? {
        guard let lock = openLock(), lock.lock(waiting: Self.lockWait) else { return nil }
        defer { withExtendedLifetime(lock) {} }
        return body()
    }

    private func openLock() -> OwnedFile? {
        if let lock = OwnedFile(lockPath, O_RDWR | O_CREAT) { return lock }
        // A lock that others may hold forever is replaced.
        unsafe unlink(lockPath)
        return OwnedFile(lockPath, O_RDWR | O_CREAT)
    }

    /// The checksum with the folder's key; nil if there is no key of this user's.
    func checksum() -> CacheChecksum? {
        guard isOwn, let file = OwnedFile(keyPath, O_RDONLY), file.byteCount == 16,
            let bytes = file.read(at: 0, count: 16)
        else { return nil }
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        return CacheChecksum(key: (word(0..<8), word(8..<16)))
    }

    /// The checksum with the folder's key, which is made if there is none. The folder is locked.
    func makeChecksum() -> CacheChecksum? {
        if let checksum = checksum() { return checksum }
        var random = SystemRandomNumberGenerator()
        let key = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        do throws(WriteFailure) { try WholeFile.write(key, to: keyPath, mode: 0o600, .replacing) } catch { return nil }
        return checksum()
    }

    /// Removes the files of versions that kept each program in a file of its own, in folders named by two digits.
    func removeOldFormat() {
        for name in Self.names(in: path) where name.utf8.count == 2 && Self.isHexadecimal(name) {
            let folder = "\(path)/\(name)"
            for file in Self.names(in: folder) where Self.isHexadecimal(file) || file.hasSuffix(".tmp") {
                unsafe unlink("\(folder)/\(file)")
            }
            unsafe rmdir(folder)
        }
    }

    private static func isHexadecimal(_ name: String) -> Bool {
        name.utf8.allSatisfy {
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
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
}
