/// The records of a `DerivationTable` as plain memory: one entry of fixed size for each record, one buffer with all texts
/// and lists, and an index from store paths to records. Nothing in it is an address, so it may be copied as it is.
struct DerivationRecords: ~Copyable {
    /// The part of a record that has a fixed size. The other part begins at `start` and has, in order: the path; each
    /// output as its name, 1 or 0 for whether its path is known, and that path; each input as the index of its record and
    /// its outputs (see `RecordReader.outputs`); the sources; the required features. Texts have their length before
    /// them, except for the path.
    struct Entry: BitwiseCopyable {
        var modulo: SHA256Sum
        /// The order of the path; see `pathOrder`.
        var order: PathOrder
        var start: Int
        var pathLength: Int
        var system: BufferRange
        var outputCount: UInt32
        var inputCount: UInt32
        var sourceCount: UInt32
        var featureCount: UInt32
        var moduloKind: ModuloKind
        /// Whether this evaluation has written the derivation to a store.
        var isWritten: Bool
    }

    enum ModuloKind: UInt8, BitwiseCopyable {
        case hash
        case fixed
        case deferred
    }

    /// The first 16 bytes of a path behind the store's directory, as two big-endian numbers. They decide most
    /// comparisons of paths.
    struct PathOrder: Equatable, Comparable, BitwiseCopyable {
        var high: UInt64
        var low: UInt64

        static func < (a: PathOrder, b: PathOrder) -> Bool { (a.high, a.low) < (b.high, b.low) }
    }

    /// What a new record has besides its path. `lists` is the part after the path.
    struct Contents: ~Copyable {
        var lists = TrivialBuffer<UInt8>()
        var outputCount = 0
        var inputCount = 0
        var sourceCount = 0
        var featureCount = 0
        var moduloKind = ModuloKind.deferred
        var modulo = SHA256Sum.zero
    }

    fileprivate var entries = TrivialBuffer<Entry>()
    fileprivate var texts = TrivialBuffer<UInt8>()
    /// An index with open addressing. A slot is the index of a record plus one, or 0 if it is free. At least half of the
    /// slots are free.
    fileprivate var slots = TrivialBuffer<UInt32>()
    /// The places in the index are seeded, so that no derivations can be made whose paths all share one.
    private let seed = UInt64.random(in: .min ... .max)
    /// The system of the last record. Nearly all records have the same, and share it.
    fileprivate var lastSystem = BufferRange(start: 0, count: 0)

    private static let firstSlots = 64

    var count: Int { entries.count }

    /// The bytes that the records take.
    var byteCount: Int { entries.byteCount + texts.byteCount + slots.byteCount }

    /// The most bytes that are taken while a record with texts of `textBytes` bytes is added.
    func growth(textBytes: Int) -> Int {
        let index = (entries.count + 1) * 2 > slots.count ? 2 * max(Self.firstSlots, 2 * slots.count) * 4 : 0
        return entries.growth(adding: 1) + texts.growth(adding: textBytes) + index
    }

    subscript(index: Int) -> Entry { entries[index] }

    /// All texts, in which the ranges of entries lie. The view is valid until a record is added.
    @unsafe
    var textView: UnsafeBufferPointer<UInt8> {
        @inline(__always) get { unsafe texts.view }
    }

    /// The place of a record's path among the texts.
    func path(_ index: Int) -> BufferRange {
        let entry = entries[index]
        return BufferRange(start: entry.start, count: entry.pathLength)
    }

    static func order(of path: UnsafeBufferPointer<UInt8>) -> PathOrder {
        func word(_ start: Int) -> UInt64 {
            var word: UInt64 = 0
            for index in start..<start + 8 { word = unsafe word << 8 | UInt64(index < path.count ? path[index] : 0) }
            return word
        }
        let start = StorePath.directory.count + 1
        return PathOrder(high: word(start), low: word(start + 8))
    }

    /// Whether the path of record `a` sorts before that of record `b`.
    func precedes(_ a: Int, _ b: Int) -> Bool {
        let (first, second) = (entries[a].order, entries[b].order)
        if first != second { return first < second }
        return unsafe texts.view[path(a)].compared(to: texts.view[path(b)]) < 0
    }

    mutating func markWritten(_ index: Int) { entries[index].isWritten = true }

    /// The index of the record of a store path; nil if there is none.
    func find(_ path: UnsafeBufferPointer<UInt8>) -> Int? {
        unsafe find(path, Self.order(of: path))
    }

    private func find(_ path: UnsafeBufferPointer<UInt8>, _ order: PathOrder) -> Int? {
        if slots.count == 0 { return nil }
        var slot = firstSlot(order)
        while slots[slot] != 0 {
            let index = Int(slots[slot] - 1)
            if entries[index].order == order,
                unsafe texts.view[self.path(index)].compared(to: path) == 0
            {
                return index
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func firstSlot(_ order: PathOrder) -> Int {
        let product = (order.high ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        let mixed = (product.high ^ product.low ^ order.low).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return Int(truncatingIfNeeded: mixed.high ^ mixed.low) & (slots.count - 1)
    }

    /// Adds a record. If there is one for its path already, that is kept.
    ///
    /// - Returns: the index of the record.
    mutating func insert(
        path: UnsafeBufferPointer<UInt8>, _ contents: borrowing Contents, system: UnsafeBufferPointer<UInt8>
    ) -> Int {
        let order = unsafe Self.order(of: path)
        if let known = unsafe find(path, order) { return known }
        if (entries.count + 1) * 2 > slots.count { growIndex() }
        unsafe keepSystem(system)
        let entry = Entry(
            modulo: contents.modulo, order: order, start: texts.count, pathLength: path.count, system: lastSystem,
            outputCount: UInt32(clamping: contents.outputCount), inputCount: UInt32(clamping: contents.inputCount),
            sourceCount: UInt32(clamping: contents.sourceCount), featureCount: UInt32(clamping: contents.featureCount),
            moduloKind: contents.moduloKind, isWritten: false)
        unsafe texts.append(contentsOf: path)
        unsafe texts.append(contentsOf: contents.lists.view)
        entries.append(entry)
        place(entries.count - 1)
        return entries.count - 1
    }

    private mutating func keepSystem(_ system: UnsafeBufferPointer<UInt8>) {
        if unsafe texts.view[lastSystem].compared(to: system) == 0 { return }
        lastSystem = BufferRange(start: texts.count, count: system.count)
        unsafe texts.append(contentsOf: system)
    }

    fileprivate mutating func place(_ index: Int) {
        var slot = firstSlot(entries[index].order)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(truncatingIfNeeded: index + 1)
    }

    private mutating func growIndex() { makeIndex(max(Self.firstSlots, 2 * slots.count)) }

    /// Makes an index with so many slots, which must be twice the number of records at least, and a power of two.
    fileprivate mutating func makeIndex(_ size: Int) {
        slots.removeAll(keeping: 0)
        slots.append(repeating: 0, count: size)
        for index in 0..<entries.count { place(index) }
    }
}

/// Records that are kept outside the process.
extension DerivationRecords {
    /// The entries as plain bytes. The bytes between the members of an entry are zero, so that equal records have equal
    /// bytes.
    var storedEntries: [UInt8] {
        let stride = MemoryLayout<Entry>.stride
        return unsafe [UInt8](unsafeUninitializedCapacity: entries.count * stride) { buffer, count in
            unsafe buffer.initialize(repeating: 0)
            for index in 0..<entries.count {
                let target = unsafe UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped + index * stride)
                    .assumingMemoryBound(to: Entry.self)
                let entry = entries[index]
                unsafe target.pointee.modulo = entry.modulo
                unsafe target.pointee.order = entry.order
                unsafe target.pointee.start = entry.start
                unsafe target.pointee.pathLength = entry.pathLength
                unsafe target.pointee.system = entry.system
                unsafe target.pointee.outputCount = entry.outputCount
                unsafe target.pointee.inputCount = entry.inputCount
                unsafe target.pointee.sourceCount = entry.sourceCount
                unsafe target.pointee.featureCount = entry.featureCount
                unsafe target.pointee.moduloKind = entry.moduloKind
            }
            count = buffer.count
        }
    }

    var storedTexts: [UInt8] { texts.array }

    /// Takes over stored records in place of its own; false if a range of theirs is not among the texts.
    mutating func restore(_ stored: UnsafeRawBufferPointer, _ storedTexts: UnsafeRawBufferPointer) -> Bool {
        let stride = MemoryLayout<Entry>.stride
        guard stored.count % stride == 0 else { return false }
        unsafe texts.append(contentsOf: storedTexts.bindMemory(to: UInt8.self))
        for index in 0..<stored.count / stride {
            let entry = unsafe stored.loadUnaligned(fromByteOffset: index * stride, as: Entry.self)
            guard entry.start >= 0, entry.pathLength >= 0, entry.start <= texts.count - entry.pathLength,
                entry.system.start >= 0, entry.system.count >= 0, entry.system.start <= texts.count - entry.system.count
            else { return false }
            entries.append(entry)
            lastSystem = entry.system
        }
        var size = Self.firstSlots
        while size < entries.count * 2 { size *= 2 }
        makeIndex(size)
        return true
    }
}
