import Glibc

/// A table of trivial elements, which moves as it grows: its address is valid until the next `set`. Elements that were
/// not set are zero. This value is its only owner, unless the elements lie in an image.
struct GrowingTable<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    /// The number of elements up to the last one that was set.
    private(set) var count = 0
    private var capacity: Int
    /// Whether the elements lie in an image.
    private var isBorrowed = false

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        base = Self.zeros(self.capacity)
    }

    /// A table whose elements lie in an image until it grows.
    init(borrowing elements: UnsafePointer<Element>, count: Int) {
        base = UnsafeMutablePointer(mutating: elements)
        self.count = count
        capacity = count
        isBorrowed = true
    }

    deinit { if !isBorrowed { free(base) } }

    /// The pages of a large table are only taken from the system when something is stored there.
    private static func zeros(_ count: Int) -> UnsafeMutablePointer<Element> {
        guard let elements = calloc(count, MemoryLayout<Element>.stride) else {
            fatalError("the system has no memory for the tables of a program")
        }
        return elements.bindMemory(to: Element.self, capacity: count)
    }

    /// The bytes that setting an element allocates, including the old copy while the table moves.
    func growth(for index: Int) -> Int { index < capacity ? 0 : capacity(for: index) * MemoryLayout<Element>.stride }

    private func capacity(for index: Int) -> Int { max(2 * capacity, index + 1) }

    /// Whether an element of the table is not zero. Its first word must not be zero once it is set.
    func isSet(_ index: Int) -> Bool {
        index < count && UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self) != 0
    }

    mutating func set(_ index: Int, _ element: Element) {
        if index >= capacity { grow(to: capacity(for: index)) }
        base[index] = element
        count = max(count, index + 1)
    }

    private mutating func grow(to capacity: Int) {
        let larger = Self.zeros(capacity)
        larger.update(from: base, count: count)
        if !isBorrowed { free(base) }
        isBorrowed = false
        base = larger
        self.capacity = capacity
    }
}
