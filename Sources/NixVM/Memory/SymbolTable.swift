import Glibc

/// Names as numbers. A symbol is an index; equal names have equal symbols within one machine.
///
/// Bytes lie in blocks that never move. Symbols a job makes are dropped with its machine.
struct SymbolTable: ~Copyable {
    fileprivate struct Entry {
        var bytes: UnsafePointer<UInt8>
        var length: UInt32
        var hash: UInt32
        /// The name as a string value, made when first asked for; bits 0 until then.
        var string: Value
    }

    fileprivate var entries: UnsafeMutablePointer<Entry>
    private(set) var count = 0
    private var capacity: Int
    /// Open addressing; entry index plus one, 0 is free.
    private var table: UnsafeMutablePointer<UInt32>
    private var mask: Int
    private let seed = UInt64.random(in: .min ... .max)
    private var blocks: [UnsafeMutablePointer<UInt8>] = []
    private var blockFree = 0
    private var blockUsed = 0
    /// Bytes that a symbol takes beside its name: its entry and its places in the table.
    static let bytesPerSymbol = MemoryLayout<Entry>.size + 8
    /// Bytes that the names take, for the memory limit.
    private(set) var byteCount = 0

    init() {
        capacity = 1024
        entries = .allocate(capacity: capacity)
        mask = 4095
        table = .allocate(capacity: mask + 1)
        table.initialize(repeating: 0, count: mask + 1)
    }

    /// What `restore` needs to forget everything that was interned after this.
    struct Snapshot {
        fileprivate let count: Int
        fileprivate let capacity: Int
        fileprivate let mask: Int
        fileprivate let blockCount: Int
        fileprivate let blockUsed: Int
        fileprivate let blockFree: Int
        fileprivate let byteCount: Int
        fileprivate let entries: [Entry]
    }

    func snapshot() -> Snapshot {
        Snapshot(
            count: count, capacity: capacity, mask: mask, blockCount: blocks.count, blockUsed: blockUsed,
            blockFree: blockFree, byteCount: byteCount,
            entries: Array(UnsafeBufferPointer(start: entries, count: count)))
    }

    /// Forgets what was interned since, in memory too. False when a table has grown: it stays as it is.
    mutating func restore(_ snapshot: Snapshot) -> Bool {
        guard capacity == snapshot.capacity, mask == snapshot.mask else { return false }
        // Backwards: each name took the first free place of its time, so it leaves the table as it was before it.
        for index in (snapshot.count..<max(count, snapshot.count)).reversed() {
            var place = Int(entries[index].hash) & mask
            while table[place] != UInt32(truncatingIfNeeded: index + 1) { place = (place &+ 1) & mask }
            table[place] = 0
        }
        let unused = Entry(bytes: entries[0].bytes, length: 0, hash: 0, string: Value(bits: 0))
        (entries + snapshot.count).update(repeating: unused, count: count - snapshot.count)
        for (index, entry) in snapshot.entries.enumerated() { entries[index] = entry }
        for block in blocks.dropFirst(snapshot.blockCount) { block.deallocate() }
        if let last = blocks.prefix(snapshot.blockCount).last {
            let end = blocks.count > snapshot.blockCount ? snapshot.blockFree : blockUsed
            (last + snapshot.blockUsed).update(repeating: 0, count: max(0, end - snapshot.blockUsed))
        }
        blocks.removeSubrange(snapshot.blockCount...)
        blockFree = snapshot.blockFree
        blockUsed = snapshot.blockUsed
        count = snapshot.count
        byteCount = snapshot.byteCount
        return true
    }

    deinit {
        entries.deallocate()
        table.deallocate()
        for block in blocks { block.deallocate() }
    }

    /// Multiplies and folds eight bytes at a time; the last may overlap those before them. Seeded, so that no source can
    /// be made whose names all collide.
    private func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let count = bytes.count
        guard count > 0, let base = UnsafeRawPointer(bytes.baseAddress) else { return 0 }
        var state = seed ^ UInt64(truncatingIfNeeded: count)
        var offset = 0
        while offset &+ 8 < count {
            state = mix(base.loadUnaligned(fromByteOffset: offset, as: UInt64.self), state)
            offset &+= 8
        }
        if count >= 8 {
            state = mix(base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self), state)
        } else if count >= 4 {
            let high = UInt64(base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            state = mix(high &<< 32 | UInt64(base.loadUnaligned(as: UInt32.self)), state)
        } else {
            let ends = UInt64(bytes[count &- 1]) &<< 16 | UInt64(bytes[0])
            state = mix(UInt64(bytes[count / 2]) &<< 8 | ends, state)
        }
        return UInt32(truncatingIfNeeded: state)
    }

    @inline(__always)
    private func mix(_ word: UInt64, _ state: UInt64) -> UInt64 {
        let product = (word ^ state).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low &+ state
    }

    /// The symbol of a name if it is known: a name nobody interned is no attribute of any set.
    func find(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
        let index = table[position(of: bytes, hash: self.hash(bytes))]
        return index == 0 ? nil : index - 1
    }

    mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let hash = self.hash(bytes)
        let place = position(of: bytes, hash: hash)
        if table[place] != 0 { return table[place] - 1 }
        if count == capacity { growEntries() }
        entries[count] = Entry(
            bytes: store(bytes), length: UInt32(truncatingIfNeeded: bytes.count), hash: hash, string: Value(bits: 0))
        count += 1
        byteCount += bytes.count + SymbolTable.bytesPerSymbol
        table[place] = UInt32(truncatingIfNeeded: count)
        if count * 2 > mask { growTable() }
        return UInt32(truncatingIfNeeded: count - 1)
    }

    mutating func intern(_ name: [UInt8]) -> UInt32 { name.withUnsafeBufferPointer { intern($0) } }
    mutating func intern(_ name: StaticString) -> UInt32 {
        intern(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    func bytes(_ symbol: UInt32) -> UnsafeBufferPointer<UInt8> {
        let entry = entries + Int(symbol)
        return UnsafeBufferPointer(start: entry.pointee.bytes, count: Int(entry.pointee.length))
    }

    /// Whether one name comes before another, byte by byte.
    func precedes(_ a: UInt32, _ b: UInt32) -> Bool { compareBytes(bytes(a), bytes(b)) < 0 }

    /// The cached string value, bits 0 if none was set.
    func string(_ symbol: UInt32) -> Value { entries[Int(symbol)].string }
    func setString(_ symbol: UInt32, _ value: Value) { entries[Int(symbol)].string = value }

    private func position(of bytes: UnsafeBufferPointer<UInt8>, hash: UInt32) -> Int {
        var place = Int(hash) & mask
        while table[place] != 0 {
            let entry = entries + Int(table[place] - 1)
            if entry.pointee.hash == hash, Int(entry.pointee.length) == bytes.count,
                bytes.isEmpty || memcmp(entry.pointee.bytes, bytes.baseAddress!, bytes.count) == 0
            {
                return place
            }
            place = (place &+ 1) & mask
        }
        return place
    }

    private mutating func store(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafePointer<UInt8> {
        if bytes.count > blockFree - blockUsed {
            blockFree = max(1 << 16, bytes.count)
            blockUsed = 0
            blocks.append(.allocate(capacity: blockFree))
        }
        let place = blocks[blocks.count - 1] + blockUsed
        if let base = bytes.baseAddress { place.update(from: base, count: bytes.count) }
        blockUsed += bytes.count
        return UnsafePointer(place)
    }

    private mutating func growEntries() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.update(from: entries, count: count)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }

    private mutating func growTable() {
        table.deallocate()
        mask = mask * 2 + 1
        table = .allocate(capacity: mask + 1)
        table.initialize(repeating: 0, count: mask + 1)
        for index in 0..<count {
            var place = Int(entries[index].hash) & mask
            while table[place] != 0 { place = (place &+ 1) & mask }
            table[place] = UInt32(truncatingIfNeeded: index + 1)
        }
    }
}

/// Below, equal or above zero as `a` comes before, with or after `b`, by unsigned bytes.
func compareBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
    let common = min(a.count, b.count)
    if common > 0, let x = a.baseAddress, let y = b.baseAddress {
        let order = memcmp(x, y, common)
        if order != 0 { return Int(order) }
    }
    return a.count - b.count
}
