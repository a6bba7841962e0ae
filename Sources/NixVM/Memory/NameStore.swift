import Glibc

/// The bytes of names, in blocks that never move. It alone owns the blocks.
struct NameStore: ~Copyable {
    /// What a block begins with; its bytes follow.
    private struct Header: BitwiseCopyable {
        /// The block that was made before this one.
        var previous: UnsafeMutableRawPointer?
        /// Bytes of the whole block.
        var byteCount: Int
    }

    private static let headerBytes = MemoryLayout<Header>.stride
    /// Bytes of a block for many names. A name of more than `longName` has a block of its own, so that little of a block
    /// is left over.
    private static let blockBytes = 1 << 16
    private static let longName = 1 << 12

    /// The block made last.
    private var last: UnsafeMutableRawPointer?
    /// Where the next short name goes, and how many bytes are free from there on.
    private var next: UnsafeMutablePointer<UInt8>?
    private var room = 0
    /// Bytes of all blocks.
    private(set) var byteCount = 0

    deinit {
        var block = last
        while let current = block {
            block = current.load(as: Header.self).previous
            free(current)
        }
    }

    /// By how much a name of so many bytes makes the blocks larger.
    func growth(forLength length: Int) -> Int {
        if length > Self.longName { return Self.headerBytes &+ length }
        return length <= room ? 0 : Self.blockBytes
    }

    /// A copy of the bytes; nil when the system has no memory.
    mutating func store(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafePointer<UInt8>? {
        let length = bytes.count
        if length > Self.longName {
            guard let own = addBlock(Self.headerBytes + length) else { return nil }
            return copy(bytes, to: own)
        }
        if length > room || next == nil {
            next = addBlock(Self.blockBytes)
            room = next == nil ? 0 : Self.blockBytes - Self.headerBytes
        }
        guard let place = next else { return nil }
        next = place + length
        room -= length
        return copy(bytes, to: place)
    }

    private func copy(
        _ bytes: UnsafeBufferPointer<UInt8>, to place: UnsafeMutablePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        if let base = bytes.baseAddress { place.update(from: base, count: bytes.count) }
        return UnsafePointer(place)
    }

    /// The first byte behind the header of a new block.
    private mutating func addBlock(_ size: Int) -> UnsafeMutablePointer<UInt8>? {
        guard let block = malloc(size) else { return nil }
        block.storeBytes(of: Header(previous: last, byteCount: size), as: Header.self)
        last = block
        byteCount += size
        return (block + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
    }

    /// How much was stored at a time.
    struct Mark {
        fileprivate let last: UnsafeMutableRawPointer?
        fileprivate let next: UnsafeMutablePointer<UInt8>?
        fileprivate let room: Int
    }

    var mark: Mark { Mark(last: last, next: next, room: room) }

    /// Forgets what was stored since, and overwrites it where its block stays.
    mutating func restore(_ mark: Mark) {
        while let block = last, block != mark.last {
            let header = block.load(as: Header.self)
            last = header.previous
            byteCount -= header.byteCount
            free(block)
        }
        next = mark.next
        room = mark.room
        if let next, room > 0 { next.update(repeating: 0, count: room) }
    }
}
