import Glibc
import NixBytecode

/// A file with many programs: a page with a header, a table of slots, and entries one after another.
///
/// The table has buckets of eight slots; a key selects its bucket. A slot says where an entry lies. An entry is written
/// before the slot that leads to it, and neither is changed while the file is in use, except that an entry's slot may be
/// taken by another and that its day of use is renewed. So whoever is killed while writing leaves at most bytes that
/// nothing leads to. To remove entries, the others are written to a new file, which takes the name of the old one
/// (`CacheFile+Eviction.swift`); those who have the old one open go on reading it.
///
/// An entry has a checksum with the user's key over its key and its program, and is copied to memory of this process before
/// the checksum is compared. So nothing that happens to the file, damage, truncation or a change by another program, has
/// another effect than that an entry is not found.
final class CacheFile {
    static let magic: UInt64 = 0x4752_504E_5249_4689
    static let version: UInt64 = 1
    static let tableStart = 4096
    static let slotBytes = 16
    static let bucketSlots = 8
    static let bucketBits = 14
    static let bucketBytes = bucketSlots * slotBytes
    static let tableBytes = bucketBytes << bucketBits
    static let entriesStart = tableStart + tableBytes
    /// Bytes of an entry before its program: a magic number, the key, the number of bytes of the program, the checksum, and
    /// eight unused bytes.
    static let entryHeader = 64
    /// The largest entry in bytes, header included.
    static let largestEntry = 1 << 28

    let file: OwnedFile
    let checksum: CacheChecksum
    /// The size of the file when it was last asked for.
    private var knownSize: Int
    /// The slots that led to programs, and were not marked as used today.
    private(set) var uses: [(place: Int, slot: CacheSlot)] = []
    private let today = CacheSlot.today

    /// Opens a file; fails if it does not exist, or was not made with the key and this version.
    init?(_ path: String, _ checksum: CacheChecksum) {
        guard let file = OwnedFile(path, O_RDWR) else { return nil }
        knownSize = file.byteCount
        guard knownSize >= Self.entriesStart, file.read(at: 0, count: 24) == Self.header(checksum) else { return nil }
        self.file = file
        self.checksum = checksum
    }

    /// Makes an empty file, which must not exist yet; fails if it cannot be written.
    init?(creating path: String, _ checksum: CacheChecksum) {
        guard let file = OwnedFile(path, O_RDWR | O_CREAT | O_EXCL) else { return nil }
        knownSize = Self.entriesStart
        guard file.write(Self.header(checksum), at: 0), file.resize(to: Self.entriesStart) else { return nil }
        self.file = file
        self.checksum = checksum
    }

    /// The first bytes of a file, which end with their checksum.
    private static func header(_ checksum: CacheChecksum) -> [UInt8] {
        let bytes = magic.bytes + version.bytes
        let sum = unsafe bytes.withUnsafeBytes { unsafe checksum($0) }
        return bytes + sum.bytes
    }

    /// The size of the file.
    var byteCount: Int {
        knownSize = file.byteCount
        return knownSize
    }

    /// The program with a key; nil if it is absent or damaged.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - limit: the most bytes; a larger program is not read.
    func program(_ key: DiskCache.Key, limit: Int) -> LinkedProgram? {
        let bucket = key.bucket
        for (index, slot) in slots(ofBucket: bucket).enumerated() where slot.leads(to: key) {
            guard let program = program(key, in: slot, limit: limit) else { continue }
            if slot.day != today { uses.append((Self.place(bucket, index), slot)) }
            return program
        }
        return nil
    }

    private func program(_ key: DiskCache.Key, in slot: CacheSlot, limit: Int) -> LinkedProgram? {
        let size = slot.byteCount
        guard size > Self.entryHeader, size <= Self.largestEntry, size - Self.entryHeader <= limit, isInside(slot)
        else { return nil }
        return unsafe LinkedProgram(byteCount: size - Self.entryHeader, prefix: Self.entryHeader) { buffer in
            guard unsafe file.read(at: slot.offset, into: buffer) else { return false }
            let found = unsafe checksum(of: buffer)
            return unsafe buffer.load(fromByteOffset: 48, as: UInt64.self) == found
                && buffer.prefix(48).elementsEqual(header(of: key, program: size - Self.entryHeader))
        }
    }

    /// Whether an entry lies within the file.
    func isInside(_ slot: CacheSlot) -> Bool {
        slot.offset >= Self.entriesStart
            && (slot.offset + slot.byteCount <= knownSize || slot.offset + slot.byteCount <= byteCount)
    }

    /// The slots of a bucket; none if they cannot be read.
    func slots(ofBucket bucket: Int) -> [CacheSlot] {
        let bytes = file.read(at: Self.place(bucket, 0), count: Self.bucketBytes) ?? []
        return stride(from: 0, to: bytes.count, by: Self.slotBytes).map { start in
            unsafe bytes.withUnsafeBytes { unsafe CacheSlot($0, at: start) }
        }
    }

    /// The offset of a slot in the file.
    static func place(_ bucket: Int, _ index: Int) -> Int { tableStart + bucket * bucketBytes + index * slotBytes }

    /// The first 48 bytes of an entry.
    private func header(of key: DiskCache.Key, program count: Int) -> [UInt8] {
        CacheFile.magic.bytes + key.bytes + UInt64(count).bytes
    }

    /// The checksum of an entry: of its first 48 bytes, and of its program.
    private func checksum(of entry: UnsafeMutableRawBufferPointer) -> UInt64 {
        let header = unsafe checksum(UnsafeRawBufferPointer(rebasing: entry[..<48]))
        let program = unsafe checksum(UnsafeRawBufferPointer(rebasing: entry[Self.entryHeader...]))
        return checksum.combined(header, program)
    }

    /// An entry.
    func entry(_ key: DiskCache.Key, _ program: [UInt8]) -> [UInt8] {
        var bytes = header(of: key, program: program.count)
        bytes.reserveCapacity(Self.entryHeader + program.count + 8)
        bytes += [UInt8](repeating: 0, count: Self.entryHeader - bytes.count)
        bytes += program
        let sum = unsafe bytes.withUnsafeMutableBytes { unsafe checksum(of: $0) }
        bytes.replaceSubrange(48..<56, with: sum.bytes)
        return bytes
    }

    /// The uses since the last call.
    func takeUses() -> [(place: Int, slot: CacheSlot)] {
        defer { uses = [] }
        return uses
    }
}

extension UInt64 {
    /// The bytes, lowest first.
    var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}
