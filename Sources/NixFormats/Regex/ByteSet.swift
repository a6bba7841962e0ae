/// A set of bytes.
struct ByteSet: Hashable {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0

    /// Every byte except the null byte, which no Nix string contains.
    static let any: ByteSet = {
        var set = ByteSet()
        set.insert(0)
        return set.inverted
    }()

    init() {}

    init(_ contains: (UInt8) -> Bool) {
        for byte in UInt8.min...UInt8.max where contains(byte) { insert(byte) }
    }

    /// Unpacks a set from four words of a pattern's sets, starting at `word`.
    init(_ sets: BufferView<UInt64>, at word: Int) {
        first = sets[word]
        second = sets[word + 1]
        third = sets[word + 2]
        fourth = sets[word + 3]
    }

    mutating func insert(_ byte: UInt8) {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: first |= bit
        case 1: second |= bit
        case 2: third |= bit
        default: fourth |= bit
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: first
            case 1: second
            case 2: third
            default: fourth
            }
        return word >> UInt64(byte & 63) & 1 != 0
    }

    mutating func formUnion(_ other: ByteSet) {
        first |= other.first
        second |= other.second
        third |= other.third
        fourth |= other.fourth
    }

    var inverted: ByteSet {
        var result = self
        result.first = ~first
        result.second = ~second
        result.third = ~third
        result.fourth = ~fourth
        return result
    }

    func append(to sets: inout Buffer<UInt64>, _ meter: inout WorkMeter) throws(WorkStop) {
        for word in [first, second, third, fourth] { try sets.append(word, &meter) }
    }
}

/// A set as a compiled pattern stores it: four words of its buffer of sets.
@safe
struct PackedByteSet {
    private let words: UnsafePointer<UInt64>

    /// - Parameter words: the address of the four words.
    @inline(__always)
    @unsafe
    init(_ words: UnsafePointer<UInt64>) { unsafe self.words = words }

    /// Whether the set contains a byte. The upper two bits of the byte select the word.
    @inline(__always)
    func contains(_ byte: UInt8) -> Bool { unsafe words[Int(byte &>> 6)] &>> UInt64(byte & 63) & 1 != 0 }
}

/// The sets of a compiled pattern.
struct PackedByteSets {
    private let words: BufferView<UInt64>
    private let count: Int

    init(_ words: BufferView<UInt64>) {
        self.words = words
        count = words.count / 4
    }

    /// The set with an index.
    subscript(number: UInt32) -> PackedByteSet {
        @inline(__always) get {
            precondition(Int(number) < count)
            return unsafe PackedByteSet(words.start + Int(number) &* 4)
        }
    }
}
