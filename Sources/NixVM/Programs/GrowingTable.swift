/// A table of trivial elements that moves as it grows: its address holds until the next append. It alone owns its memory.
struct GrowingTable<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    mutating func append(_ element: Element) {
        if count == capacity {
            let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
            larger.update(from: base, count: count)
            base.deallocate()
            base = larger
            capacity *= 2
        }
        (base + count).initialize(to: element)
        count += 1
    }

    /// Makes the table a given length, of elements that are set before they are read.
    mutating func reserve(_ count: Int) {
        base.deallocate()
        capacity = max(1, count)
        base = .allocate(capacity: capacity)
        self.count = count
    }

    /// Sets an element of a table that was reserved.
    func set(_ index: Int, _ element: Element) { (base + index).initialize(to: element) }
}
