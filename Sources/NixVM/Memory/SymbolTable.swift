import Glibc

/// Names as numbers. A symbol is an index; equal names have equal symbols within one machine.
///
/// Bytes lie in blocks that never move. Symbols a job makes are dropped with its machine.
struct SymbolTable: ~Copyable {
    fileprivate struct Entry: BitwiseCopyable {
        var bytes: UnsafePointer<UInt8>?
        var length: UInt32
        var hash: UInt32
        /// The first eight bytes, of which the first is the highest, and zeros where there are fewer.
        var prefix: UInt64
        /// The name as a string value, made when first asked for; bits 0 until then.
        var string: Value
    }

    private var entries: UnsafeMutablePointer<Entry>
    private(set) var count = 0
    private var capacity = SymbolTable.firstCapacity
    /// Open addressing; entry index plus one, 0 is free. At least half of it is free.
    private var table: UnsafeMutablePointer<UInt32>
    private var mask = 2 * SymbolTable.firstCapacity - 1
    private let seed = UInt64.random(in: .min ... .max)
    private var names = NameStore()
    /// Bytes that the strings of all names will take in the permanent range, of those that are not made yet.
    private(set) var promisedBytes = 0

    /// Names that there is room for at first: those of the machine are fewer.
    private static let firstCapacity = 1024

    /// What the table takes, for the memory limit, with what the names' strings may take in the permanent range. So making
    /// such a string needs no look at the limit.
    var byteCount: Int {
        capacity &* MemoryLayout<Entry>.stride &+ (mask &+ 1) &* 4 &+ names.byteCount &+ promisedBytes
    }

    init() {
        entries = .allocate(capacity: capacity)
        table = .allocate(capacity: mask + 1)
        table.initialize(repeating: 0, count: mask + 1)
    }

    deinit {
        free(entries)
        free(table)
    }

    /// The most by which a name that is new makes `byteCount` larger, what is taken while a table grows included.
    func growth(forLength length: Int) -> Int {
        var bytes = Self.stringBytes(length) &+ names.growth(forLength: length)
        if count == capacity { bytes &+= 2 &* capacity &* MemoryLayout<Entry>.stride }
        if (count &+ 1) &* 2 > mask { bytes &+= 2 &* (mask &+ 1) &* 4 }
        return bytes
    }

    /// Bytes of a string object.
    static func stringBytes(_ length: Int) -> Int { 8 &+ 8 &* Object.words(forBytes: length) }

    /// Multiplies and folds eight bytes at a time; the last may overlap those before them. Seeded, so that no source can
    /// be made whose names all collide.
    func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
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
    func find(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? { find(bytes, hash: hash(bytes)) }

    /// As `find`, of a name whose hash is known.
    func find(_ bytes: UnsafeBufferPointer<UInt8>, hash: UInt32) -> UInt32? {
        let index = table[position(of: bytes, hash: hash)]
        return index == 0 ? nil : index - 1
    }

    /// Adds a name that `find` does not know; nil when the system has no memory for it. Whoever adds names by the number
    /// looks at `growth` before.
    mutating func add(_ bytes: UnsafeBufferPointer<UInt8>, hash: UInt32) -> UInt32? {
        guard bytes.count <= Int(UInt32.max), count < UInt32.max - 1, count < capacity || growEntries() else {
            return nil
        }
        if (count + 1) * 2 > mask, !setMask(2 * mask + 1) { return nil }
        guard let name = names.store(bytes) else { return nil }
        entries[count] = Entry(
            bytes: name, length: UInt32(truncatingIfNeeded: bytes.count), hash: hash,
            prefix: Self.prefix(bytes), string: Value(bits: 0))
        count += 1
        promisedBytes += Self.stringBytes(bytes.count)
        table[position(of: bytes, hash: hash)] = UInt32(truncatingIfNeeded: count)
        return UInt32(truncatingIfNeeded: count - 1)
    }

    /// The symbol of one of the names that a machine is made with, which is added if it is new.
    mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let hash = hash(bytes)
        if let known = find(bytes, hash: hash) { return known }
        guard let symbol = add(bytes, hash: hash) else { fatalError("the system has no memory for a name") }
        return symbol
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
    @inline(__always)
    func precedes(_ a: UInt32, _ b: UInt32) -> Bool {
        let (first, second) = (entries[Int(a)].prefix, entries[Int(b)].prefix)
        // Equal prefixes say nothing where a name is shorter than they are, or goes on.
        return first == second ? compareBytes(bytes(a), bytes(b)) < 0 : first < second
    }

    private static func prefix(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var prefix: UInt64 = 0
        for index in 0..<8 { prefix = prefix &<< 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
        return prefix
    }

    /// The cached string value, bits 0 if none was set.
    func string(_ symbol: UInt32) -> Value { entries[Int(symbol)].string }

    /// Keeps the string of a name, which now lies in the permanent range.
    mutating func setString(_ symbol: UInt32, _ value: Value) {
        entries[Int(symbol)].string = value
        promisedBytes -= Self.stringBytes(Int(entries[Int(symbol)].length))
    }

    private func position(of bytes: UnsafeBufferPointer<UInt8>, hash: UInt32) -> Int {
        var place = Int(hash) & mask
        while table[place] != 0 {
            let entry = entries + Int(table[place] - 1)
            if entry.pointee.hash == hash, Int(entry.pointee.length) == bytes.count,
                bytes.isEmpty || memcmp(entry.pointee.bytes!, bytes.baseAddress!, bytes.count) == 0
            {
                return place
            }
            place = (place &+ 1) & mask
        }
        return place
    }

    private mutating func growEntries() -> Bool { setCapacity(2 * capacity) }

    private mutating func setCapacity(_ new: Int) -> Bool {
        guard let moved = realloc(entries, new * MemoryLayout<Entry>.stride) else { return false }
        entries = moved.assumingMemoryBound(to: Entry.self)
        capacity = new
        return true
    }

    /// Makes the table another size and puts every name in again.
    private mutating func setMask(_ newMask: Int) -> Bool {
        guard let new = calloc(newMask + 1, MemoryLayout<UInt32>.stride) else { return false }
        free(table)
        table = new.assumingMemoryBound(to: UInt32.self)
        mask = newMask
        for index in 0..<count {
            var place = Int(entries[index].hash) & mask
            while table[place] != 0 { place = (place &+ 1) & mask }
            table[place] = UInt32(truncatingIfNeeded: index + 1)
        }
        return true
    }
}

extension SymbolTable {
    /// What `restore` needs to forget everything that was interned after this.
    struct Snapshot {
        fileprivate let entries: [Entry]
        fileprivate let names: NameStore.Mark
        fileprivate let capacity: Int
        fileprivate let mask: Int
        fileprivate let promisedBytes: Int
    }

    func snapshot() -> Snapshot {
        Snapshot(
            entries: Array(UnsafeBufferPointer(start: entries, count: count)), names: names.mark, capacity: capacity,
            mask: mask, promisedBytes: promisedBytes)
    }

    /// Forgets what was interned since, in memory too: the table is as it was. False when the system has no memory for
    /// smaller tables in place of those that grew.
    mutating func restore(_ snapshot: Snapshot) -> Bool {
        let kept = snapshot.entries.count
        if mask == snapshot.mask {
            // Backwards: each name took the first free place of its time, so it leaves the table as it was before it.
            for index in (kept..<count).reversed() {
                var place = Int(entries[index].hash) & mask
                while table[place] != UInt32(truncatingIfNeeded: index + 1) { place = (place &+ 1) & mask }
                table[place] = 0
            }
        }
        let unused = Entry(bytes: nil, length: 0, hash: 0, prefix: 0, string: Value(bits: 0))
        (entries + kept).update(repeating: unused, count: count - kept)
        for (index, entry) in snapshot.entries.enumerated() { entries[index] = entry }
        count = kept
        promisedBytes = snapshot.promisedBytes
        names.restore(snapshot.names)
        if mask != snapshot.mask, !setMask(snapshot.mask) { return false }
        return capacity == snapshot.capacity || setCapacity(snapshot.capacity)
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
