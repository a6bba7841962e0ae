import Glibc

/// The part of an image with the tables of the programs. Its bytes are assembled here and refer to one another by the
/// addresses that they will have.
struct ImageTables: ~Copyable {
    private let base: UInt
    private var memory: UnsafeMutableRawPointer
    private var capacity = 1 << 20
    private(set) var count = 0

    init(base: UInt) {
        self.base = base
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    /// Takes room for bytes, which are zero, and returns the address that they will have.
    mutating func reserve(_ byteCount: Int, alignment: Int = 8) -> UInt {
        let start = (count + alignment - 1) & ~(alignment - 1)
        let end = start + byteCount
        if end > capacity {
            let larger = max(2 * capacity, end)
            let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
            moved.copyMemory(from: memory, byteCount: count)
            memory.deallocate()
            memory = moved
            capacity = larger
        }
        memset(memory + count, 0, end - count)
        count = end
        return base + UInt(start)
    }

    /// Adds a copy of elements. The address is valid, but of nothing, if there are none.
    mutating func add<Element: BitwiseCopyable>(_ elements: UnsafePointer<Element>, _ count: Int) -> UInt {
        let bytes = count * MemoryLayout<Element>.stride
        let address = reserve(bytes)
        copy(elements, count, to: address)
        return address
    }

    /// Copies elements to an address that was reserved for them.
    mutating func copy<Element: BitwiseCopyable>(_ elements: UnsafePointer<Element>, _ count: Int, to address: UInt) {
        if count > 0 { pointer(address).copyMemory(from: elements, byteCount: count * MemoryLayout<Element>.stride) }
    }

    /// Stores a value at an address that was reserved for it.
    mutating func store<Element: BitwiseCopyable>(_ element: Element, at address: UInt) {
        pointer(address).storeBytes(of: element, as: Element.self)
    }

    private func pointer(_ address: UInt) -> UnsafeMutableRawPointer { memory + Int(address - base) }
}
