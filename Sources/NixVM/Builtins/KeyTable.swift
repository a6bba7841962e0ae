/// The types of keys that `KeyTable` finds by hashing: those of which no two can fail to be compared with each other.
enum HashedKeys: Int, FramePhase {
    /// There is no key yet.
    case begin
    case integers, strings, paths
    /// The keys are in a `KeyTree`, because they are of several types, of one that is compared by elements, or too long
    /// to be hashed without a poll.
    case none

    /// The type of a key.
    init(_ key: Value) {
        if key.isInteger {
            self = .integers
        } else if key.isString || key.isPath, key.object.field <= Interpreter.blockBytes {
            self = key.isString ? .strings : .paths
        } else {
            self = .none
        }
    }
}

/// The items of `genericClosure` by the hashes of their keys, while all keys are integers, all strings or all paths.
///
/// The items lie in an array of the heap in the order in which they were found. The table has a word for each of them:
/// the hash of its key in the upper half, and the item's index plus 1 in the lower. Its place is the first free one from
/// that which the highest bits of the hash name, so that a larger table is filled from the smaller one almost in order.
/// The hash is seeded, so that no program can choose keys that collide. It borrows the heap: it holds until something is
/// reserved.
struct KeyTable {
    private let interpreter: Interpreter
    private let items: Slot
    private let words: UnsafeMutablePointer<UInt64>
    private let mask: Int
    /// What a hash is shifted by to name a place.
    private let shift: UInt32

    @inline(__always)
    init(_ interpreter: Interpreter, _ frame: UnsafeMutablePointer<ClosureFrame>) {
        self.interpreter = interpreter
        items = frame.pointee.nodes.elements
        let table = frame.pointee.table.object
        words = table + 1
        mask = table.field / 8 &- 1
        shift = UInt32(UInt32(truncatingIfNeeded: mask).leadingZeroBitCount)
    }

    /// The items of the first table. Larger ones have twice as many.
    static let firstCapacity = 6

    /// The places of a table for so many items at most, which are a power of two. A quarter of them stays free.
    private static func placeCount(_ capacity: Int) -> Int { capacity / 3 &* 4 }

    /// What the table for so many items takes.
    static func bytes(_ capacity: Int) -> Int { Size.bytes(8 &* placeCount(capacity)) }

    /// A table without items. The caller has reserved `bytes`.
    static func make(_ interpreter: Interpreter, capacity: Int) -> Value {
        let count = placeCount(capacity)
        let table = interpreter.allocate(words: 1 &+ count)
        table[0] = Object.header(Kind.bytes, field: 8 &* count)
        (table + 1).update(repeating: 0, count: count)
        return Value(Tag.other, table)
    }

    /// Whether there is an item with a key.
    func contains(_ key: Value, hash: UInt32) -> Bool {
        var place = Int(hash &>> shift)
        while words[place] != 0 {
            let word = words[place]
            if UInt32(truncatingIfNeeded: word &>> 32) == hash,
                isEqual(key, self.key(Int(truncatingIfNeeded: word & 0xFFFF_FFFF) &- 1))
            {
                return true
            }
            place = (place &+ 1) & mask
        }
        return false
    }

    /// Adds an item whose key differs from all others.
    func insert(_ item: Int, hash: UInt32) { insert(UInt64(hash) &<< 32 | UInt64(truncatingIfNeeded: item &+ 1)) }

    @inline(__always)
    private func insert(_ word: UInt64) {
        var place = Int(truncatingIfNeeded: word &>> (32 &+ UInt64(shift)))
        while words[place] != 0 { place = (place &+ 1) & mask }
        words[place] = word
    }

    /// Adds the items of a smaller table; false with `failure` set when the evaluation must stop.
    func insertAll(of table: Value) -> Bool {
        let words = table.object + 1
        for place in 0..<(table.object.field / 8) {
            guard interpreter.poll(at: place) else { return false }
            if words[place] != 0 { insert(words[place]) }
        }
        return true
    }

    /// The key of an item, which has been forced.
    @inline(__always)
    func key(_ item: Int) -> Value {
        interpreter.lookup(items[item].dereferenced.object, Symbols.key)?.pointee.dereferenced ?? .null
    }

    /// Whether two keys of the same type are equal. Their bytes are compared without a charge, because which keys meet
    /// depends on the seed: `charge` has charged for them.
    @inline(__always)
    private func isEqual(_ a: Value, _ b: Value) -> Bool {
        if a.bits == b.bits { return true }
        if a.isInteger { return a.integer == b.integer }
        return a.object.field == b.object.field && compareBytes(a.object.byteBuffer, b.object.byteBuffer) == 0
    }

    @inline(__always)
    func hash(_ key: Value) -> UInt32 {
        if key.isInteger { return interpreter.state.pointee.symbols.hash(number: UInt64(bitPattern: key.integer)) }
        return interpreter.state.pointee.symbols.hash(key.object.byteBuffer)
    }

    /// Charges for hashing and comparing a key. The result is false, with `failure` set, when the evaluation must stop.
    func charge(_ key: Value) -> Bool {
        key.isInteger || key.object.field < Interpreter.bytesPerUnit
            || interpreter.charge(2 &* key.object.field / Interpreter.bytesPerUnit)
    }
}
