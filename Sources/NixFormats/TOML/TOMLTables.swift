/// The distinct keys of a document: an open-addressed hash table over ranges of its text buffer.
struct TOMLKeys: ~Copyable {
    private struct Entry: BitwiseCopyable {
        var start: Int
        var length: Int
        var hash: UInt64
    }

    private var entries = Buffer<Entry>()
    /// A slot holds a key's index plus one; 0 is a free slot. The count is a power of two, and at most half of the
    /// slots are in use.
    private var slots = Buffer<UInt32>()
    /// The seed of the hashes, so that nobody can write a text whose keys all collide.
    private let seed = UInt64.random(in: .min ... .max)

    var count: Int { entries.count }

    /// The range of a key's bytes in the text buffer.
    func range(_ number: Int) -> Range<Int> {
        let entry = entries[number]
        return entry.start..<entry.start + entry.length
    }

    /// A key's index, if it is known, and its hash.
    func find(
        _ key: ByteView, _ text: ByteView, _ meter: inout WorkMeter
    ) throws(WorkStop) -> (number: UInt32?, hash: UInt64) {
        let hash = try hash(key, &meter)
        if slots.count == 0 { return (nil, hash) }
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot] - 1)]
            if entry.hash == hash, text[entry.start..<entry.start + entry.length].isEqual(key) {
                return (slots[slot] - 1, hash)
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return (nil, hash)
    }

    /// Adds a key that is not in the table.
    mutating func add(_ range: Range<Int>, _ hash: UInt64, _ meter: inout WorkMeter) throws(WorkStop) -> UInt32 {
        let number = UInt32(truncatingIfNeeded: entries.count)
        try entries.append(Entry(start: range.lowerBound, length: range.count, hash: hash), &meter)
        if entries.count * 2 > slots.count { try growTable(&meter) } else { insert(number) }
        return number
    }

    private mutating func insert(_ number: UInt32) {
        var slot = Int(truncatingIfNeeded: entries[Int(number)].hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = number + 1
    }

    private mutating func growTable(_ meter: inout WorkMeter) throws(WorkStop) {
        try slots.fill(max(64, slots.count * 2), with: 0, &meter)
        for number in 0..<entries.count {
            if number & 0xFF == 0 { try meter.charge(64) }
            insert(UInt32(truncatingIfNeeded: number))
        }
    }

    /// Hashes bytes, and charges a unit of fuel for every 64.
    private func hash(_ bytes: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
        var position = 0
        while position + 8 <= bytes.count {
            if position & 0xFFF == 0 { try meter.charge(1 + min(bytes.count - position, 4096) / 64) }
            state = TOMLHash.mix(bytes.word(at: position), state)
            position += 8
        }
        var rest: UInt64 = 0
        while position < bytes.count {
            rest = rest << 8 | UInt64(bytes[position])
            position += 1
        }
        return TOMLHash.mix(rest, state)
    }
}

/// The members of a document's tables, by table and key: an open-addressed hash table over its nodes.
struct TOMLMembers: ~Copyable {
    /// A slot holds a node's index plus one; 0 is a free slot. The count is a power of two, and at most half of the
    /// slots are in use.
    private var slots = Buffer<Int>()
    private var count = 0
    private let seed = UInt64.random(in: .min ... .max)

    func find(_ table: Int, _ key: UInt32, _ nodes: BufferView<TOMLDocument.Node>) -> Int? {
        if slots.count == 0 { return nil }
        var slot = first(table, key)
        while slots[slot] != 0 {
            let index = slots[slot] - 1
            if nodes[index].parent == table, nodes[index].key == key { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds a node. Its table must not have a member of that key.
    mutating func add(
        _ index: Int, _ nodes: BufferView<TOMLDocument.Node>, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        count += 1
        if count * 2 > slots.count { try growTable(nodes, &meter) }
        insert(index, nodes)
    }

    private mutating func insert(_ index: Int, _ nodes: BufferView<TOMLDocument.Node>) {
        var slot = first(nodes[index].parent, nodes[index].key)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = index + 1
    }

    private mutating func growTable(
        _ nodes: BufferView<TOMLDocument.Node>, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        var old = Buffer<Int>()
        swap(&old, &slots)
        try slots.fill(max(64, old.count * 2), with: 0, &meter)
        for slot in 0..<old.count {
            if slot & 0xFF == 0 { try meter.charge(64) }
            if old[slot] != 0 { insert(old[slot] - 1, nodes) }
        }
        old.free(&meter)
    }

    private func first(_ table: Int, _ key: UInt32) -> Int {
        let hash = TOMLHash.mix(UInt64(key), TOMLHash.mix(UInt64(truncatingIfNeeded: table), seed))
        return Int(truncatingIfNeeded: hash) & (slots.count - 1)
    }
}

private enum TOMLHash {
    static func mix(_ word: UInt64, _ state: UInt64) -> UInt64 {
        let product = (word ^ state).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low &+ state
    }
}
