import Glibc
import NixBytecode
import Platform

/// An evaluated heap in a file, which machines map and continue from. Its pages are shared by all processes that use it;
/// what a machine writes is a private copy of its own.
///
/// The file is trusted once it was checked: `init` refuses what is not a whole image that this build of Firn wrote and
/// that only this user can write. It must not be changed while it is in use; whoever renews it renames a new file over it.
public final class HeapImage: Sendable {
    let header: ImageHeader
    let catalogue: ImageCatalogue
    private let file: ImageFile

    /// The digest of what the image was made from.
    public var identity: [UInt8] { header.identity }
    /// The size of the file in bytes.
    public var byteCount: Int { file.bytes.count }
    /// Identifies the file, so that a check of its contents need not be repeated while it is the same.
    public var fileIdentity: FileIdentity { file.identity }
    /// What the host kept with the image.
    package var hostBytes: UnsafeRawBufferPointer { bytes(.host) }

    /// Opens an image.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - isSealed: Whether the contents of a file with this identity have been checked before, or were written by this
    ///     user since the system started. Otherwise all of it is read and compared with its checksum.
    /// - Throws: Why it cannot be used.
    public init(opening path: String, isSealed: (FileIdentity) -> Bool = { _ in false }) throws(ImageError) {
        file = try ImageFile(path)
        header = try ImageHeader(file.bytes)
        guard header.build == BuildIdentity.own else { throw .otherBuild }
        guard header.fileBytes == file.bytes.count else { throw .damaged }
        if !isSealed(file.identity) {
            let body = UnsafeRawBufferPointer(rebasing: file.bytes[ImageHeader.byteCount...])
            guard ImageChecksum.of(body) == header.checksum else { throw .damaged }
        }
        let section = header.sections[ImageSection.catalogue.rawValue]
        catalogue = try ImageCatalogue(
            UnsafeRawBufferPointer(rebasing: file.bytes[section.offset..<section.offset + section.count]))
        try checkCounts()
        if !isSealed(file.identity) { _ = try ImageDerivations.table(catalogue.derivations) }
    }

    private func checkCounts() throws(ImageError) {
        func holds<Element>(_ section: ImageSection, _ count: Int, _ type: Element.Type) -> Bool {
            count >= 0 && count < 1 << 32 && count * MemoryLayout<Element>.stride <= bytes(section).count
        }
        let numbers = catalogue.numbers
        guard holds(.chunks, numbers.chunks, LoadedChunk.self), holds(.roots, numbers.roots, Value.self),
            holds(.symbols, numbers.symbols, ImageSymbol.self),
            holds(.positions, numbers.positions, PositionTable.Entry.self)
        else { throw .damaged }
        for program in catalogue.programs {
            guard isInTables(program.tables, MemoryLayout<ProgramTables>.stride),
                isInTables(program.linked, program.linkedBytes + LinkedProgram.slack)
            else { throw .damaged }
        }
    }

    /// Whether bytes at an address lie within the tables.
    private func isInTables(_ address: UInt, _ count: Int) -> Bool {
        let size = UInt(bytes(.tables).count)
        return address >= header.region.tables && UInt(count) <= size && address - header.region.tables <= size - UInt(count)
    }

    /// The bytes of a section, which are valid as long as the image.
    func bytes(_ section: ImageSection) -> UnsafeRawBufferPointer {
        let (offset, count) = header.sections[section.rawValue]
        return UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + count])
    }

    func elements<Element>(_ section: ImageSection, _ count: Int, of type: Element.Type) -> UnsafeBufferPointer<Element>
    {
        UnsafeBufferPointer(start: bytes(section).baseAddress?.assumingMemoryBound(to: type), count: count)
    }

    /// The address of the step of chunks without code.
    var stub: UInt { catalogue.numbers.stub }

    var programCount: Int { catalogue.programs.count }

    /// Maps a section at the start of a range, as pages that become private copies when they are written.
    func map(_ section: ImageSection, to range: borrowing AddressRange) -> Bool {
        let (offset, count) = header.sections[section.rawValue]
        guard count > 0 else { return true }
        guard count <= range.byteCount else { return false }
        return mmap(
            range.start, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file.descriptor,
            off_t(offset)) != MAP_FAILED
    }
}

/// What tells whether a file is still the same one with the same contents, as far as the file system tells.
public struct FileIdentity: Sendable, Hashable {
    public var device: UInt64
    public var inode: UInt64
    public var size: Int64
    /// The times of the last changes of contents and of properties, in nanoseconds since 1970.
    public var modified: Int64
    public var changed: Int64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
    }
}

/// The open file of an image, mapped for reading as a whole. This value is the only owner of both.
final class ImageFile: Sendable {
    let descriptor: Int32
    let identity: FileIdentity
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(_ path: String) throws(ImageError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .absent : errno == ELOOP ? .untrusted : .unreadable(ImageError.reason(errno))
        }
        do throws(ImageError) {
            (identity, bytes) = try Self.map(descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    private static func map(_ descriptor: Int32) throws(ImageError) -> (FileIdentity, UnsafeRawBufferPointer) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(ImageError.reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw .untrusted
        }
        let size = Int(status.st_size)
        guard size >= ImageHeader.byteCount else { throw .damaged }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw .noRoom
        }
        return (FileIdentity(status), UnsafeRawBufferPointer(start: start, count: size))
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        close(descriptor)
    }
}
