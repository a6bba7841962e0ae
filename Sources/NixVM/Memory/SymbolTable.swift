import Glibc

/// The table of interned names. A symbol is an index into it, and equal names have equal symbols within one machine.
///
/// The bytes of names never move. `restore` removes the symbols that a job added when its memory is used for another
/// job.
struct SymbolTable: ~Copyable {
    fileprivate struct Entry: BitwiseCopyable {
        var bytes: UnsafePointer<UInt8>?
        var length: UInt32
        var hash: UInt32
        /// The first eight bytes in big-endian order, padded with zeros. Comparing prefixes compares names.
        var prefix: UInt64
        /// The name as a string value. Its bits are 0 until it is first needed.
        var string: Value
    }

    private var entries: UnsafeMutablePointer<Entry>
    private(set) var count = 0
    private var capacity = SymbolTable.firstCapacity
    /// A hash table with open addressing. An entry is the index of a name plus one, or 0 if it is free. At least half
    /// of the entries are free.
    private var table: UnsafeMutablePointer<UInt32>
    private var mask = 2 * SymbolTable.firstCapacity - 1
    private let seed = UInt64.random(in: .min ... .max)
    private var names = NameStore()
    /// The bytes that the string values of all names may still take in the permanent range.
    private(set) var promisedBytes = 0

    /// The initial capacity. The names that the machine itself needs are fewer.
    private static let firstCapacity = 1024

    /// The bytes that the table takes under the memory limit. They include the string values that have not been made
    /// yet, so making one needs no check.
    var byteCount: Int {
        capacity &* MemoryLayout<Entry>.stride &+ (mask &+ 1) &* 4 &+ names.byteCount &+ promisedBytes
    }

    init() {
        entries = .allocate(capacity: capacity)
        table = .allocate(capacity: mask + 1)
        table.initialize(repeating: 0, count: mask + 1)
    }

    /// The names of an image, whose bytes lie there. The hashes are made anew, because their seed must not be known to
    /// those who choose names.
    init(_ image: UnsafeBufferPointer<ImageSymbol>) {
        self.init()
        while capacity < image.count { _ = growEntries() }
        for symbol in image {
            let bytes = UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: symbol.bytes), count: symbol.length)
            entries[count] = Entry(
                bytes: bytes.baseAddress, length: UInt32(truncatingIfNeeded: symbol.length), hash: hash(bytes),
                prefix: Self.prefix(bytes), string: Value(bits: symbol.string))
            count += 1
            if symbol.string == 0 { promisedBytes += Self.stringBytes(symbol.length) }
        }
        var newMask = mask
        while (count + 1) * 2 > newMask { newMask = 2 * newMask + 1 }
        _ = setMask(newMask)
    }

    deinit {
        free(entries)
        free(table)
    }

    /// The most by which adding a new name can increase `byteCount`, including the second copy of a table while it
    /// grows.
    func growth(forLength length: Int) -> Int {
        var bytes = Self.stringBytes(length) &+ names.growth(forLength: length)
        if count == capacity { bytes &+= 2 &* capacity &* MemoryLayout<Entry>.stride }
        if (count &+ 1) &* 2 > mask { bytes &+= 2 &* (mask &+ 1) &* 4 }
        return bytes
    }

    /// The size of a string object in bytes.
    static func stringBytes(_ length: Int) -> Int { 8 &+ 8 &* Object.words(forBytes: length) }

    /// A seeded hash, so that no source can be written whose names all collide. It multiplies and folds eight bytes at
    /// a time; the last eight may overlap the ones before.
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

    /// The symbol of a name, or nil if the name was never interned. In that case no set has such an attribute.
    func find(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? { find(bytes, hash: hash(bytes)) }

    /// The symbol of a name whose hash is known.
    func find(_ bytes: UnsafeBufferPointer<UInt8>, hash: UInt32) -> UInt32? {
        let index = table[position(of: bytes, hash: hash)]
        return index == 0 ? nil : index - 1
    }

    /// Adds a name that `find` does not know. The result is nil when the system has no memory. A caller that adds many
    /// names, or long ones, checks `growth` against the memory limit first.
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
        // The name is new, so it goes into the first free entry.
        var slot = Int(hash) & mask
        while table[slot] != 0 { slot = (slot &+ 1) & mask }
        table[slot] = UInt32(truncatingIfNeeded: count)
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

    /// Whether the first name sorts before the second, by bytes.
    @inline(__always)
    func precedes(_ a: UInt32, _ b: UInt32) -> Bool {
        let (first, second) = (entries[Int(a)].prefix, entries[Int(b)].prefix)
        // Equal prefixes do not decide: the names may continue, or one may be padded.
        return first == second ? compareBytes(bytes(a), bytes(b)) < 0 : first < second
    }

    private static func prefix(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return 0 }
        if bytes.count >= 8 { return UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)) }
        var prefix: UInt64 = 0
        for byte in bytes { prefix = prefix &<< 8 | UInt64(byte) }
        // A shift by 64 gives 0, which is the prefix of the empty name.
        return prefix << (8 * (8 - bytes.count))
    }

    /// The string value of a name, with bits 0 if it has not been made.
    func string(_ symbol: UInt32) -> Value { entries[Int(symbol)].string }

    /// Stores the string value of a name, which has just been made in the permanent range.
    mutating func setString(_ symbol: UInt32, _ value: Value) {
        entries[Int(symbol)].string = value
        promisedBytes -= Self.stringBytes(Int(entries[Int(symbol)].length))
    }

    private func position(of bytes: UnsafeBufferPointer<UInt8>, hash: UInt32) -> Int {
        var slot = Int(hash) & mask
        while table[slot] != 0 {
            let entry = entries + Int(table[slot] - 1)
            if entry.pointee.hash == hash, Int(entry.pointee.length) == bytes.count,
                bytes.isEmpty || memcmp(entry.pointee.bytes!, bytes.baseAddress!, bytes.count) == 0
            {
                return slot
            }
            slot = (slot &+ 1) & mask
        }
        return slot
    }

    private mutating func growEntries() -> Bool { setCapacity(2 * capacity) }

    private mutating func setCapacity(_ new: Int) -> Bool {
        guard let moved = realloc(entries, new * MemoryLayout<Entry>.stride) else { return false }
        entries = moved.assumingMemoryBound(to: Entry.self)
        capacity = new
        return true
    }

    /// Replaces the hash table by one of another size, and inserts every name again.
    private mutating func setMask(_ newMask: Int) -> Bool {
        guard let new = calloc(newMask + 1, MemoryLayout<UInt32>.stride) else { return false }
        free(table)
        table = new.assumingMemoryBound(to: UInt32.self)
        mask = newMask
        for index in 0..<count {
            var slot = Int(entries[index].hash) & mask
            while table[slot] != 0 { slot = (slot &+ 1) & mask }
            table[slot] = UInt32(truncatingIfNeeded: index + 1)
        }
        return true
    }
}

extension SymbolTable {
    /// What `restore` needs to remove everything that was interned later.
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

    /// Removes everything that was interned since the snapshot and returns the memory it took. The result is false when
    /// the system has no memory for the smaller tables.
    mutating func restore(_ snapshot: Snapshot) -> Bool {
        let kept = snapshot.entries.count
        if mask == snapshot.mask {
            // Names are removed in reverse order. Each took the first free entry at its time, so this leaves the table
            // as it was before.
            for index in (kept..<count).reversed() {
                var slot = Int(entries[index].hash) & mask
                while table[slot] != UInt32(truncatingIfNeeded: index + 1) { slot = (slot &+ 1) & mask }
                table[slot] = 0
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

/// The order of two byte strings as unsigned bytes: negative, zero or positive as `a` sorts before, equal to or after
/// `b`.
func compareBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
    let common = min(a.count, b.count)
    if common > 0, let x = a.baseAddress, let y = b.baseAddress {
        let order = memcmp(x, y, common)
        if order != 0 { return Int(order) }
    }
    return a.count - b.count
}
