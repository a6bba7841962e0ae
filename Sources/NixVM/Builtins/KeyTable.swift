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

/// The keys of `genericClosure` by hash, while all are integers, all strings or all paths.
///
/// The nodes lie in an array of the heap in the order in which they were found. The table has a word for each of them,
/// at the first free place after the one that its hash names: the hash in the upper half, and the node's number plus 1
/// in the lower. The hash is seeded, so that no program can choose keys that collide. It borrows the heap: it holds
/// until something is reserved.
struct KeyTable {
    /// Values of a node: key and item.
    static let stride = 2

    private let interpreter: Interpreter
    private let frame: UnsafeMutablePointer<ClosureFrame>
    private let words: UnsafeMutablePointer<UInt64>
    private let mask: Int

    @inline(__always)
    init(_ interpreter: Interpreter, _ frame: UnsafeMutablePointer<ClosureFrame>) {
        self.interpreter = interpreter
        self.frame = frame
        let table = frame.pointee.table.object
        words = table + 1
        mask = table.field / 8 &- 1
    }

    /// The words of the table for so many nodes at most. Half of them stay free.
    private static func wordCount(_ capacity: Int) -> Int { 2 &* capacity }

    /// What the table for so many nodes takes. The number is a power of two.
    static func bytes(_ capacity: Int) -> Int { Size.bytes(8 &* wordCount(capacity)) }

    /// A table without keys. The caller has reserved `bytes`.
    static func make(_ interpreter: Interpreter, capacity: Int) -> Value {
        let count = wordCount(capacity)
        let table = interpreter.allocate(words: 1 &+ count)
        table[0] = Object.header(Kind.bytes, field: 8 &* count)
        (table + 1).update(repeating: 0, count: count)
        return Value(Tag.other, table)
    }

    /// The node with a key; nil when there is none.
    func find(_ key: Value, hash: UInt32) -> Int? {
        var place = Int(hash) & mask
        while words[place] != 0 {
            let word = words[place]
            let node = Int(truncatingIfNeeded: word & 0xFFFF_FFFF) &- 1
            if UInt32(truncatingIfNeeded: word &>> 32) == hash, isEqual(key, self.key(node)) { return node }
            place = (place &+ 1) & mask
        }
        return nil
    }

    /// Adds a node that has no place yet.
    func insert(_ node: Int, hash: UInt32) {
        insert(UInt64(hash) &<< 32 | UInt64(truncatingIfNeeded: node &+ 1))
    }

    private func insert(_ word: UInt64) {
        var place = Int(truncatingIfNeeded: word &>> 32) & mask
        while words[place] != 0 { place = (place &+ 1) & mask }
        words[place] = word
    }

    /// Takes the nodes of a smaller table; false with `failure` set when the evaluation must stop.
    func takeAll(of table: Value) -> Bool {
        let words = table.object + 1
        for index in 0..<(table.object.field / 8) {
            guard interpreter.poll(at: index) else { return false }
            if words[index] != 0 { insert(words[index]) }
        }
        return true
    }

    private func key(_ node: Int) -> Value { frame.pointee.nodes[node &* Self.stride] }

    /// Whether two keys of the same type are equal. Their bytes are compared without a charge, because which keys meet
    /// depends on the seed: `hash` has charged for them.
    private func isEqual(_ a: Value, _ b: Value) -> Bool {
        if a.isInteger { return a.integer == b.integer }
        return a.object.field == b.object.field && compareBytes(a.object.byteBuffer, b.object.byteBuffer) == 0
    }

    /// The hash of a key, for which and for whose comparison is charged. The result is nil, with `failure` set, when the
    /// evaluation must stop.
    static func hash(_ key: Value, _ interpreter: Interpreter) -> UInt32? {
        if key.isInteger { return interpreter.state.pointee.symbols.hash(number: UInt64(bitPattern: key.integer)) }
        let bytes = key.object.byteBuffer
        return interpreter.chargeName(bytes) ? interpreter.state.pointee.symbols.hash(bytes) : nil
    }
}
