import Glibc
import NixStore
import Platform

/// Writes the file of an image section by section, under a temporary name that is renamed at the end: an image is there
/// as a whole or not at all. What is not finished is removed.
struct ImageFileWriter: ~Copyable {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var sections: [(offset: Int, count: Int)] = []
    private var offset = ImageHeader.byteCount
    private var checksum = ImageChecksum()
    private var isFinished = false

    init(_ path: String) throws(ImageError) {
        self.path = path
        let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        temporary = "\(directory).\(getpid()).\(UInt64.random(in: .min ... .max)).image.tmp"
        descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .unwritable(ImageError.reason(errno)) }
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(temporary) }
    }

    /// Adds the sections, which must come in their order.
    mutating func add(_ section: ImageSection, _ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        precondition(section.rawValue == sections.count, "the sections of an image have an order")
        sections.append((offset, bytes.count))
        let whole = bytes.count & ~31
        checksum.add(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
        try write(bytes)
        // The rest of the last page is zero.
        let padding = ImageHeader.pages(bytes.count) - bytes.count
        let tail = Array(bytes[whole...]) + [UInt8](repeating: 0, count: padding)
        tail.withUnsafeBytes { checksum.add($0) }
        try write([UInt8](repeating: 0, count: padding))
    }

    mutating func add<Element>(_ section: ImageSection, _ elements: [Element]) throws(ImageError) {
        try elements.withUnsafeBufferPointer { (elements) throws(ImageError) in
            try add(section, UnsafeRawBufferPointer(elements))
        }
    }

    private mutating func write(_ bytes: [UInt8]) throws(ImageError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(ImageError) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        var written = 0
        while written < bytes.count {
            // A single call writes at most 2 GiB.
            let count = min(bytes.count - written, 1 << 30)
            let result = pwrite(descriptor, bytes.baseAddress.map { $0 + written }, count, off_t(offset))
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw .unwritable(ImageError.reason(result < 0 ? errno : EIO)) }
            written += result
            offset += result
        }
    }

    /// Writes the header and gives the file its name.
    mutating func finish(_ region: ImageRegion, identity: [UInt8]) throws(ImageError) -> WrittenImage {
        let size = offset
        let header = ImageHeader(
            region: region, build: BuildIdentity.own, identity: identity, sections: sections, checksum: checksum.value)
        offset = 0
        try write(header.encoded)
        var status = stat()
        guard rename(temporary, path) == 0 else { throw .unwritable(ImageError.reason(errno)) }
        isFinished = true
        // Renaming changes the time of the last change of properties.
        guard fstat(descriptor, &status) == 0 else { throw .unwritable(ImageError.reason(errno)) }
        return WrittenImage(byteCount: size, file: FileIdentity(status))
    }
}
