/// The numbers of a segment's forms by the words that stand for them: an open-addressing hash table that is at most
/// half full.
struct TraceFormTable {
    private struct Slot {
        var word: UInt64
        var number: UInt32

        /// The marker of a free slot. No event has this word, because no kind has the number 255.
        static let free = Slot(word: .max, number: 0)
    }

    private var slots = [Slot](repeating: .free, count: 1024)
    private(set) var count: UInt32 = 0

    mutating func removeAll() {
        slots = [Slot](repeating: .free, count: 1024)
        count = 0
    }

    /// Adds a word that has no number yet.
    mutating func add(_ word: UInt64) {
        if Int(count) * 2 >= slots.count { grow() }
        place(Slot(word: word, number: count))
        count += 1
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count - 1
        var place = Self.start(slot.word) & mask
        while slots[place].word != Slot.free.word { place = (place + 1) & mask }
        slots[place] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: .free, count: old.count * 2)
        for slot in old where slot.word != Slot.free.word { place(slot) }
    }

    @inline(__always)
    private static func start(_ word: UInt64) -> Int {
        Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) &>> 40)
    }

    func number(of word: UInt64) -> UInt32? {
        let mask = slots.count - 1
        var place = Self.start(word) & mask
        while slots[place].word != word {
            if slots[place].word == Slot.free.word { return nil }
            place = (place + 1) & mask
        }
        return slots[place].number
    }

    /// Writes the numbers of words as varints, up to the first word that has none.
    ///
    /// - Parameter output: has space for five bytes for each word.
    /// - Returns: the number of words written, and their bytes.
    func write(
        _ words: UnsafeBufferPointer<UInt64>, to output: UnsafeMutablePointer<UInt8>
    ) -> (words: Int, bytes: Int) {
        let mask = slots.count &- 1
        return unsafe slots.withUnsafeBufferPointer { slots in
            var written = 0
            for index in 0..<words.count {
                let word = unsafe words[index]
                var place = Self.start(word) & mask
                while unsafe slots[place].word != word {
                    if unsafe slots[place].word == Slot.free.word { return (index, written) }
                    place = (place &+ 1) & mask
                }
                var rest = unsafe slots[place].number
                while _slowPath(rest >= 0x80) {
                    unsafe output[written] = UInt8(truncatingIfNeeded: rest) | 0x80
                    written &+= 1
                    rest &>>= 7
                }
                unsafe output[written] = UInt8(truncatingIfNeeded: rest)
                written &+= 1
            }
            return (words.count, written)
        }
    }
}
