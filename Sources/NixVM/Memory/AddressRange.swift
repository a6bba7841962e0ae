import Glibc

/// Addresses reserved from the system, which this value alone owns and gives back at its end.
///
/// Pages are taken as they are touched and read as zero until they are written. A range neither moves nor grows, so
/// plain pointers into it stay good as long as their owner lives.
struct AddressRange: ~Copyable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int

    /// Nil when the system does not give so many bytes of address space.
    init?(byteCount: Int) {
        let size = max(byteCount, 1)
        let range = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let range, range != MAP_FAILED else { return nil }
        start = range
        self.byteCount = size
    }

    /// A range for so many elements of a type whose values need no care at their end.
    init?<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type) {
        self.init(byteCount: count * MemoryLayout<Element>.stride)
    }

    deinit { munmap(start, byteCount) }

    /// The range as elements of one type.
    func base<Element: BitwiseCopyable>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
        start.assumingMemoryBound(to: type)
    }
}

/// A table of a fixed length, which this value alone owns.
struct FixedTable<Element>: ~Copyable {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(repeating element: Element, count: Int) {
        base = .allocate(capacity: max(1, count))
        base.initialize(repeating: element, count: count)
        self.count = count
    }

    init(_ elements: [Element]) {
        base = .allocate(capacity: max(1, elements.count))
        _ = UnsafeMutableBufferPointer(start: base, count: elements.count).initialize(from: elements)
        count = elements.count
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }
}

/// Threads may share a table that nothing writes to after it was made.
extension FixedTable: @unchecked Sendable where Element: Sendable {}
