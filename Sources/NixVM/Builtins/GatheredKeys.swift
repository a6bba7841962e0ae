/// Symbols with the numbers of the items that they belong to, in words that were reserved above what the result takes.
///
/// A word has the symbol in its upper half and the number in its lower half. Sorting puts the symbols into the order of a
/// layout, and the items of one symbol into their own order.
struct GatheredKeys: BitwiseCopyable {
    private var words: UnsafeMutablePointer<UInt64>
    /// As many words again, for what sorts. The caller may use them afterwards.
    private(set) var spare: UnsafeMutableRawPointer
    private(set) var count = 0
    private var largest: UInt32 = 0

    /// What the keys of `count` items take.
    static func bytes(_ count: Int) -> Int { Size.each(count, 16) }

    /// - Parameter start: The address of `bytes` bytes that nothing else uses while the keys do.
    init(at start: UnsafeMutableRawPointer, _ capacity: Int) {
        words = start.assumingMemoryBound(to: UInt64.self)
        spare = start + 8 &* capacity
    }

    @inline(__always) mutating func add(_ symbol: UInt32, item: Int) {
        words[count] = UInt64(symbol) &<< 32 | UInt64(truncatingIfNeeded: item)
        count &+= 1
        largest = max(largest, symbol)
    }

    @inline(__always) func symbol(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: words[index] &>> 32) }
    @inline(__always) func item(_ index: Int) -> Int { Int(truncatingIfNeeded: words[index] & 0xFFFF_FFFF) }
    /// Whether a key is the first one of its symbol, after sorting.
    @inline(__always) func isFirst(_ index: Int) -> Bool { index == 0 || symbol(index &- 1) != symbol(index) }

    /// The number of different symbols, after sorting.
    var distinctCount: Int {
        var found = 0
        for index in 0..<count where isFirst(index) { found &+= 1 }
        return found
    }

    private static let digitBits: UInt64 = 11
    /// The largest number of keys that are sorted by comparing them.
    private static let fewKeys = 512

    /// Sorts the keys: few of them by comparisons, many of them by the digits of their symbols, from the lowest, which
    /// takes linear time. The result is false, with `failure` set, when the evaluation must stop.
    mutating func sort(_ interpreter: Interpreter) -> Bool {
        // Symbols are numbered as they come up, so keys mostly are in order already.
        var sorted = 1
        while sorted < count, words[sorted &- 1] < words[sorted] {
            guard interpreter.poll(at: sorted) else { return false }
            sorted &+= 1
        }
        if sorted >= count { return true }
        if count <= Self.fewKeys {
            var keys = UnsafeMutableBufferPointer(start: words, count: count)
            return interpreter.sort(&keys) { $0 < $1 }
        }
        var shift: UInt64 = 32
        while shift < 64, (UInt64(largest) &<< 32) &>> shift > 0 {
            guard sortByDigit(shift, interpreter) else { return false }
            shift &+= Self.digitBits
        }
        return true
    }

    private mutating func sortByDigit(_ shift: UInt64, _ interpreter: Interpreter) -> Bool {
        let digits = 1 << Int(Self.digitBits)
        let mask = UInt64(digits &- 1)
        let target = spare.assumingMemoryBound(to: UInt64.self)
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: digits) { starts in
            starts.initialize(repeating: 0)
            for index in 0..<count {
                guard interpreter.poll(at: index) else { return false }
                starts[Int(truncatingIfNeeded: (words[index] &>> shift) & mask)] &+= 1
            }
            var next = 0
            for digit in 0..<digits { (starts[digit], next) = (next, next &+ starts[digit]) }
            for index in 0..<count {
                guard interpreter.poll(at: index) else { return false }
                let digit = Int(truncatingIfNeeded: (words[index] &>> shift) & mask)
                target[starts[digit]] = words[index]
                starts[digit] &+= 1
            }
            spare = UnsafeMutableRawPointer(words)
            words = target
            return true
        }
    }
}
