/// A table of trivial elements, which moves as it grows: its address is valid until the next append. This value is its
/// only owner.
struct GrowingTable<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// The bytes that the next `append` allocates, including the old copy while the table moves.
    var growth: Int { count == capacity ? 2 * capacity * MemoryLayout<Element>.stride : 0 }

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

    /// Sets the length of the table. Its elements must be set before they are read.
    mutating func reserve(_ count: Int) {
        base.deallocate()
        capacity = max(1, count)
        base = .allocate(capacity: capacity)
        self.count = count
    }

    /// Sets an element of a table whose length was set by `reserve`.
    func set(_ index: Int, _ element: Element) { (base + index).initialize(to: element) }
}
