/// The numbers of a document's keys: open addressing over the bytes of its text.
struct TOMLKeys: ~Copyable {
    private struct Entry: BitwiseCopyable {
        var start: Int
        var length: Int
        var hash: UInt64
    }

    private var entries = Buffer<Entry>()
    /// A key's number and 1 more; 0 is free. A power of two long, and at most half full.
    private var slots = Buffer<UInt32>()
    /// So that no text can be made whose keys all collide.
    private let seed = UInt64.random(in: .min ... .max)

    var count: Int { entries.count }

    /// Where a key's bytes lie in the text.
    func range(_ number: Int) -> Range<Int> {
        let entry = entries[number]
        return entry.start..<entry.start + entry.length
    }

    /// A key's number, if it is known, and its hash.
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

    /// Adds a key that is not known.
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

    /// A unit for every 64 bytes.
    private func hash(_ bytes: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
        var place = 0
        while place + 8 <= bytes.count {
            if place & 0xFFF == 0 { try meter.charge(1 + min(bytes.count - place, 4096) / 64) }
            state = TOMLHash.mix(bytes.word(at: place), state)
            place += 8
        }
        var rest: UInt64 = 0
        while place < bytes.count {
            rest = rest << 8 | UInt64(bytes[place])
            place += 1
        }
        return TOMLHash.mix(rest, state)
    }
}

/// The members of a document's tables by table and key: open addressing over its nodes.
struct TOMLMembers: ~Copyable {
    /// A node's index and 1 more; 0 is free. A power of two long, and at most half full.
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

    /// Adds a node whose parent is a table that has no such member.
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
