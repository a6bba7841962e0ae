import Glibc

/// The bytes of names, in blocks that never move. This value is the only owner of the blocks.
struct NameStore: ~Copyable {
    /// Each block begins with this header; its names follow.
    private struct Header: BitwiseCopyable {
        /// The block that was allocated before this one.
        var previous: UnsafeMutableRawPointer?
        /// The size of the whole block in bytes.
        var byteCount: Int
    }

    private static let headerBytes = MemoryLayout<Header>.stride
    /// The size in bytes of a block that several names share. A name longer than `longName` bytes gets a block of its
    /// own, so that little of a shared block is wasted.
    private static let blockBytes = 1 << 16
    private static let longName = 1 << 12

    /// The block that was allocated last.
    private var last: UnsafeMutableRawPointer?
    /// The address of the next short name, and the number of free bytes from there on.
    private var next: UnsafeMutablePointer<UInt8>?
    private var room = 0
    /// The size of all blocks in bytes.
    private(set) var byteCount = 0

    deinit {
        var block = last
        while let current = block {
            block = current.load(as: Header.self).previous
            free(current)
        }
    }

    /// The bytes by which the blocks grow when a name of `length` bytes is stored.
    func growth(forLength length: Int) -> Int {
        if length > Self.longName { return Self.headerBytes &+ length }
        return length <= room ? 0 : Self.blockBytes
    }

    /// Stores a copy of the bytes. The result is nil when the system has no memory.
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
        guard let target = next else { return nil }
        next = target + length
        room -= length
        return copy(bytes, to: target)
    }

    private func copy(
        _ bytes: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        if let base = bytes.baseAddress { target.update(from: base, count: bytes.count) }
        return UnsafePointer(target)
    }

    /// Allocates a block and returns the address after its header.
    private mutating func addBlock(_ size: Int) -> UnsafeMutablePointer<UInt8>? {
        guard let block = malloc(size) else { return nil }
        block.storeBytes(of: Header(previous: last, byteCount: size), as: Header.self)
        last = block
        byteCount += size
        return (block + Self.headerBytes).assumingMemoryBound(to: UInt8.self)
    }

    /// A point in time to which `restore` can go back.
    struct Mark {
        fileprivate let last: UnsafeMutableRawPointer?
        fileprivate let next: UnsafeMutablePointer<UInt8>?
        fileprivate let room: Int
    }

    var mark: Mark { Mark(last: last, next: next, room: room) }

    /// Removes the names that were stored since the mark was made. Bytes in blocks that stay are set to zero.
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
