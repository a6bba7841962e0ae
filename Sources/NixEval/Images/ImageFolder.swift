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
        trim(keeping: key)
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

    private func images() -> [KeptFile] {
        CacheFolder.names(in: path).compactMap { file in
            guard file.hasSuffix(Self.suffix) else { return nil }
            var status = stat()
            guard unsafe lstat("\(path)/\(file)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            let image = KeptFile(path: "\(path)/\(file)", byteCount: Int(status.st_size), lastUse: status.st_mtim)
            var use = stat()
            guard unsafe lstat(Self.seal(of: image), &use) == 0 else { return image }
            return KeptFile(path: image.path, byteCount: image.byteCount, lastUse: use.st_mtim)
        }
    }

    private func trim(keeping key: [UInt8]) {
        let images = images()
        guard images.reduce(0, { $0 + $1.byteCount }) > maximumBytes else { return }
        for image in KeptFile.surplus(images, above: maximumBytes / 4 * 3, keeping: file(key)) { Self.remove(image) }
    }

    private static let suffix = ".image"

    private static func seal(of image: KeptFile) -> String { image.path.dropLast(suffix.count) + ".seal" }

    private static func remove(_ image: KeptFile) {
        unsafe unlink(image.path)
        unsafe unlink(Self.seal(of: image))
    }

    /// The number of images and their size in bytes.
    public func usage() -> (images: Int, bytes: Int) {
        let images = images()
        return (images.count, images.reduce(0) { $0 + $1.byteCount })
    }

    /// Removes all images, and what was left of those that were not finished.
    ///
    /// - Returns: the number of images.
    public func clear() -> Int {
        let images = images()
        for image in images { Self.remove(image) }
        for file in CacheFolder.names(in: path) where file.hasSuffix(".image.tmp") || file.hasSuffix(".seal") {
            unsafe unlink("\(path)/\(file)")
        }
        return images.count
    }
}
