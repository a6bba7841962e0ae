import Glibc

/// Where an entry of a cache file lies, and when it was last used. A slot is not protected: one that is wrong leads to no
/// entry with the right checksum.
struct CacheSlot: Equatable {
    /// 24 bits of the key, and 40 of the offset in units of eight bytes.
    private var first: UInt64
    /// 16 bits of the day of the last use since 1970, and 32 of the number of bytes.
    private var second: UInt64

    private static let offsetMask: UInt64 = 1 << 40 - 1

    /// - Parameters:
    ///   - key: the key of the entry.
    ///   - offset: the offset of the entry, a multiple of 8.
    ///   - byteCount: the bytes of the entry, below 2^32.
    init(_ key: DiskCache.Key, offset: Int, byteCount: Int) {
        first = key.tag << 40 | UInt64(offset / 8) & Self.offsetMask
        second = Self.today << 32 | UInt64(byteCount)
    }

    init(_ bytes: UnsafeRawBufferPointer, at start: Int) {
        first = UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        second = UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self))
    }

    var bytes: [UInt8] { first.bytes + second.bytes }

    var isFree: Bool { first == 0 && second == 0 }
    /// The offset of the entry, below 2^43.
    var offset: Int { Int(first & Self.offsetMask) * 8 }
    var byteCount: Int { Int(second & 0xFFFF_FFFF) }
    var day: UInt64 { second >> 32 & 0xFFFF }

    /// Whether the slot may be that of a key. Few other keys have the same bits.
    func leads(to key: DiskCache.Key) -> Bool { !isFree && first >> 40 == key.tag }

    /// The slot with another place of its entry.
    func moved(to offset: Int) -> CacheSlot {
        var slot = self
        slot.first = first & ~Self.offsetMask | UInt64(offset / 8)
        return slot
    }

    /// The slot of an entry that was used today.
    func used() -> CacheSlot {
        var slot = self
        slot.second = second & 0xFFFF_FFFF | Self.today << 32
        return slot
    }

    /// The days since 1970, of which 16 bits are kept.
    static var today: UInt64 { UInt64(max(0, time(nil))) / 86_400 & 0xFFFF }
}
