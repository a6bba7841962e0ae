import Glibc

/// A range of address space that is reserved from the system. This value is its only owner and unmaps it at the end.
///
/// The system provides a page when it is first touched; until it is written, it reads as zero. A range neither moves
/// nor grows, so plain pointers into it stay valid as long as their owner lives.
struct AddressRange: ~Copyable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int

    /// The result is nil when the system does not grant that much address space.
    ///
    /// - Parameters:
    ///   - byteCount: The size.
    ///   - address: Where the range must begin; nil for anywhere. The result is nil when something else lies there.
    init?(byteCount: Int, at address: UInt? = nil) {
        let size = max(byteCount, 1)
        let wanted = address.flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
        let placed = wanted == nil ? 0 : Self.fixedNoReplace
        let range = mmap(
            wanted, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | placed, -1, 0)
        guard let range, range != MAP_FAILED else { return nil }
        // A system older than the flag takes the address as a mere hint.
        guard wanted == nil || range == wanted else {
            munmap(range, size)
            return nil
        }
        start = range
        self.byteCount = size
    }

    /// `MAP_FIXED_NOREPLACE` of Linux, which the C library's header shows to no other language: the range is placed exactly
    /// there or not at all.
    private static let fixedNoReplace: Int32 = 0x10_0000

    /// Reserves room for `count` elements of a type that needs no deinitialization.
    init?<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type) {
        self.init(byteCount: count * MemoryLayout<Element>.stride)
    }

    /// Makes every page as it was when it was mapped: zero, or as in the file.
    func discard() { madvise(start, byteCount, MADV_DONTNEED) }

    deinit { munmap(start, byteCount) }

    /// The start of the range as a pointer to elements of the given type.
    func base<Element: BitwiseCopyable>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
        start.assumingMemoryBound(to: type)
    }
}

/// A table of fixed length. This value is its only owner.
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
