import Glibc

/// A growable array of trivial elements, outside the machine's heap.
///
/// It has a single owner, counts its memory at a meter before allocating it, and checks every access. A failed
/// allocation is an error, not a trap.
@safe
struct Buffer<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>?
    private(set) var count = 0
    private var capacity = 0

    deinit { unsafe Glibc.free(base) }

    /// Bytes that the buffer takes.
    var byteCount: Int { capacity &* MemoryLayout<Element>.stride }

    /// The elements. The view is valid until the buffer grows or is destroyed.
    var view: BufferView<Element> { unsafe BufferView(base, count: count) }

    /// The whole capacity, of which the caller must write an element before reading it. The view is valid until the
    /// buffer grows or is destroyed.
    var storage: BufferView<Element> { unsafe BufferView(base, count: capacity) }

    subscript(index: Int) -> Element {
        @inline(__always) get { view[index] }
        @inline(__always) set { view[index] = newValue }
    }

    @inline(__always)
    mutating func append(_ element: Element, _ meter: inout WorkMeter) throws(WorkStop) {
        if count == capacity { try grow(to: count &+ 1, &meter) }
        storage[count] = element
        count &+= 1
    }

    /// Reserves memory for `least` elements, or for twice the capacity if that is more.
    @inline(never)
    mutating func grow(to least: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        try reserve(max(least, capacity.multipliedReportingOverflow(by: 2).partialValue, 16), &meter)
    }

    /// Reserves memory for `wanted` elements.
    mutating func reserve(_ wanted: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        if wanted <= capacity { return }
        let (bytes, overflow) = wanted.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        if overflow { throw .needsMemory(bytes: .max) }
        // Both blocks exist while the elements are copied.
        try meter.reserve(bytes: bytes)
        guard let larger = unsafe realloc(base, bytes) else {
            meter.release(bytes: bytes)
            throw .outOfMemory
        }
        meter.release(bytes: byteCount)
        unsafe base = larger.bindMemory(to: Element.self, capacity: wanted)
        capacity = wanted
    }

    /// Makes the buffer hold `wanted` copies of one element.
    mutating func fill(_ wanted: Int, with element: Element, _ meter: inout WorkMeter) throws(WorkStop) {
        try reserve(wanted, &meter)
        // A block has at most 32 KiB, and a unit of fuel is charged for every 64 bytes.
        let block = (32 << 10) / MemoryLayout<Element>.stride
        var filled = 0
        while filled < wanted {
            let end = min(wanted, filled &+ block)
            try meter.charge(1 &+ (end &- filled) &* MemoryLayout<Element>.stride / 64)
            unsafe base.unsafelyUnwrapped.advanced(by: filled).initialize(repeating: element, count: end &- filled)
            filled = end
        }
        count = wanted
    }

    mutating func removeLast(_ removed: Int) {
        precondition(removed >= 0 && removed <= count)
        count &-= removed
    }

    /// Frees the memory, and releases it at the meter that it was counted at.
    mutating func free(_ meter: inout WorkMeter) {
        meter.release(bytes: byteCount)
        shrink(to: 0)
    }

    /// Removes all elements, and frees the memory if it is more than `bytes`.
    mutating func shrink(to bytes: Int) {
        count = 0
        if byteCount <= bytes { return }
        unsafe Glibc.free(base)
        unsafe base = nil
        capacity = 0
    }
}

/// A view of elements that something else owns. Every access is checked.
@safe
struct BufferView<Element: BitwiseCopyable> {
    private let base: UnsafeMutablePointer<Element>
    let count: Int

    /// - Parameters:
    ///   - base: the address of the elements; nil only if there are none.
    ///   - count: the number of elements.
    @inline(__always)
    @unsafe
    init(_ base: UnsafeMutablePointer<Element>?, count: Int) {
        // Without elements, the address is never accessed.
        unsafe self.base = base ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Element>.alignment).unsafelyUnwrapped
        self.count = count
    }

    subscript(index: Int) -> Element {
        @inline(__always) get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            return unsafe base[index]
        }
        @inline(__always) nonmutating set {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            unsafe base[index] = newValue
        }
    }

    /// Sets an element; returns false if the index is out of range.
    @inline(__always)
    func set(_ index: Int, _ element: Element) -> Bool {
        guard UInt(bitPattern: index) < UInt(bitPattern: count) else { return false }
        unsafe base[index] = element
        return true
    }

    /// The address of the first element, for callers that check the index themselves.
    @inline(__always)
    @unsafe
    var start: UnsafePointer<Element> { unsafe UnsafePointer(base) }

    /// Sets the first `wanted` elements to one value.
    func fill(_ wanted: Int, with element: Element) {
        precondition(wanted >= 0 && wanted <= count)
        unsafe base.update(repeating: element, count: wanted)
    }

    /// Copies the first `wanted` elements of another view.
    func copy(_ wanted: Int, from other: BufferView) {
        precondition(wanted >= 0 && wanted <= count && wanted <= other.count)
        unsafe base.update(from: other.base, count: wanted)
    }
}

extension Buffer<UInt8> {
    /// Appends bytes, and charges a unit of fuel for every 64.
    mutating func append(_ bytes: ByteView, _ meter: inout WorkMeter) throws(WorkStop) {
        if bytes.count > capacity &- count { try grow(to: count &+ bytes.count, &meter) }
        var copied = 0
        while copied < bytes.count {
            let end = min(bytes.count, copied &+ (32 << 10))
            try meter.charge((end &- copied) / 64)
            mutableBytes.copy(bytes[copied..<end], at: count &+ copied)
            copied = end
        }
        count &+= bytes.count
    }

    private var mutableBytes: MutableByteView {
        // Without capacity, nothing is written to the address.
        unsafe MutableByteView(base ?? UnsafeMutablePointer(bitPattern: 1).unsafelyUnwrapped, count: capacity)
    }

    /// The bytes. The view is valid until the buffer grows or is destroyed.
    var bytes: ByteView { unsafe ByteView(UnsafeBufferPointer(start: base, count: count)) }

    /// Removes the bytes from index `length` on.
    mutating func truncate(to length: Int) { removeLast(count &- length) }
}

extension Buffer {
    /// Calls `body` with the elements, which must not escape from it.
    func withElements(
        _ body: (UnsafeBufferPointer<Element>) throws(WorkStop) -> Void
    ) throws(WorkStop) {
        try unsafe body(UnsafeBufferPointer(start: base, count: count))
    }
}
