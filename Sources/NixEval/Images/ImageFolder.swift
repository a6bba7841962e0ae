import Glibc
import NixStore
import NixVM
import Platform

/// The images of a user: a folder of files that are named by the digest of what was asked for. When they exceed the limit,
/// those that were not used for the longest time are removed.
///
/// A *seal* beside an image says which file was written, since which start of the system. As long as that is so, the image
/// need not be compared with its checksum, which would read all of it.
public struct ImageFolder: Sendable {
    public let path: String
    /// The most bytes of all images.
    public let maximumBytes: Int

    /// The default limit in bytes: some dozens of images of large package sets.
    public static let defaultBytes = 4 << 30

    /// - Parameters:
    ///   - directory: the directory of the caches, which is created at the first write.
    ///   - maximumBytes: the most bytes of all images.
    public init(directory: String, maximumBytes: Int = ImageFolder.defaultBytes) {
        path = directory + "/images"
        self.maximumBytes = maximumBytes
    }

    private func name(_ key: [UInt8]) -> String { String(decoding: Base16.encode(key), as: UTF8.self) }
    func file(_ key: [UInt8]) -> String { "\(path)/\(name(key)).image" }
    private func seal(_ key: [UInt8]) -> String { "\(path)/\(name(key)).seal" }

    /// Opens the image with a key.
    ///
    /// - Throws: why it cannot be used.
    func open(_ key: [UInt8]) throws(ImageError) -> HeapImage {
        let seal = seal(key)
        let image = try HeapImage(opening: file(key)) { identity in
            guard let known = Self.contents(of: seal) else { return false }
            return known == Self.sealText(identity)
        }
        guard image.identity == key else { throw .damaged }
        // The time of the seal is that of the last use.
        unsafe utimensat(AT_FDCWD, seal, nil, 0)
        return image
    }

    /// Notes that an image was written, and removes others if there are too many.
    func finish(_ key: [UInt8], _ written: WrittenImage) {
        try? WholeFile.write(Self.sealText(written.file), to: seal(key), mode: 0o600, .replacing)
        trim(keeping: name(key))
    }

    /// Creates the folder.
    func create() throws(ImageError) {
        guard CacheFolder.make(path) else { throw .unwritable("'\(path)' cannot be created") }
    }

    func remove(_ key: [UInt8]) {
        unsafe unlink(file(key))
        unsafe unlink(seal(key))
    }

    private static func sealText(_ identity: FileIdentity) -> [UInt8] {
        let boot = contents(of: "/proc/sys/kernel/random/boot_id") ?? []
        return Array("\(identity.text) ".utf8) + boot
    }

    private static func contents(of path: String) -> [UInt8]? {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = unsafe read(descriptor, &buffer, buffer.count)
        return count >= 0 ? Array(buffer.prefix(count)) : nil
    }

    private struct Known {
        var name: String
        var bytes: Int
        var lastUse: timespec
    }

    private func images() -> [Known] {
        CacheFolder.names(in: path).compactMap { file in
            guard file.hasSuffix(".image") else { return nil }
            let name = String(file.dropLast(6))
            var status = stat()
            guard unsafe lstat("\(path)/\(file)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            var use = stat()
            let isSealed = unsafe lstat("\(path)/\(name).seal", &use) == 0
            return Known(
                name: name, bytes: Int(status.st_size), lastUse: isSealed ? use.st_mtim : status.st_mtim)
        }
    }

    private func trim(keeping kept: String) {
        let images = images()
        var total = images.reduce(0) { $0 + $1.bytes }
        guard total > maximumBytes else { return }
        let oldest = images.sorted {
            ($0.lastUse.tv_sec, $0.lastUse.tv_nsec) < ($1.lastUse.tv_sec, $1.lastUse.tv_nsec)
        }
        for image in oldest where total > maximumBytes / 4 * 3 && image.name != kept {
            removeFiles(image.name)
            total -= image.bytes
        }
    }

    private func removeFiles(_ name: String) {
        unsafe unlink("\(path)/\(name).image")
        unsafe unlink("\(path)/\(name).seal")
    }

    /// The number of images and their size in bytes.
    public func usage() -> (images: Int, bytes: Int) {
        let images = images()
        return (images.count, images.reduce(0) { $0 + $1.bytes })
    }

    /// Removes all images, and what was left of those that were not finished.
    ///
    /// - Returns: the number of images.
    public func clear() -> Int {
        let images = images()
        for image in images { removeFiles(image.name) }
        for file in CacheFolder.names(in: path) where file.hasSuffix(".image.tmp") || file.hasSuffix(".seal") {
            unsafe unlink("\(path)/\(file)")
        }
        return images.count
    }
}
