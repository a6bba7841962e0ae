import Glibc

/// An array of plain elements outside the machine's heap.
///
/// It has one owner, counts its memory at the meter before it takes it, and checks every access; that the system gives
/// no memory is an error and no trap.
@safe
struct Buffer<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>?
    private(set) var count = 0
    private var capacity = 0

    deinit { unsafe Glibc.free(base) }

    /// Bytes that it takes.
    var byteCount: Int { capacity &* MemoryLayout<Element>.stride }

    /// Its elements. Only valid until the buffer grows or ends.
    var view: BufferView<Element> { unsafe BufferView(base, count: count) }

    /// All that there is room for, which the caller sets before it reads it. Only valid until the buffer grows or ends.
    var room: BufferView<Element> { unsafe BufferView(base, count: capacity) }

    subscript(index: Int) -> Element {
        @inline(__always) get { view[index] }
        @inline(__always) set { view[index] = newValue }
    }

    @inline(__always)
    mutating func append(_ element: Element, _ meter: inout WorkMeter) throws(WorkStop) {
        if count == capacity { try grow(to: count &+ 1, &meter) }
        room[count] = element
        count &+= 1
    }

    /// Makes room for so many elements, or for twice as many as there are, which is more.
    @inline(never)
    mutating func grow(to least: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        try reserve(max(least, capacity.multipliedReportingOverflow(by: 2).partialValue, 16), &meter)
    }

    /// Makes room for so many elements.
    mutating func reserve(_ wanted: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        if wanted <= capacity { return }
        let (bytes, overflow) = wanted.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        if overflow { throw .needsRoom(bytes: .max) }
        // Both blocks are there while one is copied to the other.
        try meter.take(bytes: bytes)
        guard let larger = unsafe realloc(base, bytes) else {
            meter.release(bytes: bytes)
            throw .outOfMemory
        }
        meter.release(bytes: byteCount)
        unsafe base = larger.bindMemory(to: Element.self, capacity: wanted)
        capacity = wanted
    }

    /// Makes it hold one element so many times.
    mutating func fill(_ wanted: Int, with element: Element, _ meter: inout WorkMeter) throws(WorkStop) {
        try reserve(wanted, &meter)
        // 32 KiB at most; 64 bytes a unit.
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

    /// Gives its memory back, which was counted at the meter.
    mutating func free(_ meter: inout WorkMeter) {
        meter.release(bytes: byteCount)
        shrink(to: 0)
    }

    /// Gives memory of more than so many bytes back to the system.
    mutating func shrink(to bytes: Int) {
        count = 0
        if byteCount <= bytes { return }
        unsafe Glibc.free(base)
        unsafe base = nil
        capacity = 0
    }
}

/// Elements that somebody else owns and keeps; every access is checked.
@safe
struct BufferView<Element: BitwiseCopyable> {
    private let base: UnsafeMutablePointer<Element>
    let count: Int

    /// - Parameter base: Of so many elements; nil only for none.
    @inline(__always)
    @unsafe
    init(_ base: UnsafeMutablePointer<Element>?, count: Int) {
        // Where there is no element, no address is ever read.
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

    /// Sets an element; false when there is none of this index.
    @inline(__always)
    func set(_ index: Int, _ element: Element) -> Bool {
        guard UInt(bitPattern: index) < UInt(bitPattern: count) else { return false }
        unsafe base[index] = element
        return true
    }

    /// Sets the first elements to one.
    func fill(_ wanted: Int, with element: Element) {
        precondition(wanted >= 0 && wanted <= count)
        unsafe base.update(repeating: element, count: wanted)
    }

    /// Copies the first elements of another one.
    func copy(_ wanted: Int, from other: BufferView) {
        precondition(wanted >= 0 && wanted <= count && wanted <= other.count)
        unsafe base.update(from: other.base, count: wanted)
    }
}

extension Buffer<UInt8> {
    /// Appends bytes: a unit for every 64.
    mutating func append(_ bytes: ByteView, _ meter: inout WorkMeter) throws(WorkStop) {
        if bytes.count > capacity &- count { try grow(to: count &+ bytes.count, &meter) }
        var copied = 0
        while copied < bytes.count {
            let end = min(bytes.count, copied &+ (32 << 10))
            try meter.charge((end &- copied) / 64)
            byteRoom.copy(bytes[copied..<end], at: count &+ copied)
            copied = end
        }
        count &+= bytes.count
    }

    private var byteRoom: ByteRoom {
        // Without capacity nothing is copied to it.
        unsafe ByteRoom(base ?? UnsafeMutablePointer(bitPattern: 1).unsafelyUnwrapped, count: capacity)
    }

    /// Its bytes. Only valid until the buffer grows or ends.
    var bytes: ByteView { unsafe ByteView(UnsafeBufferPointer(start: base, count: count)) }

    /// Drops the bytes from an index on.
    mutating func truncate(to length: Int) { removeLast(count &- length) }
}

extension Buffer {
    /// Lends its elements, which must not leave `body`.
    func withElements(
        _ body: (UnsafeBufferPointer<Element>) throws(WorkStop) -> Void
    ) throws(WorkStop) {
        try unsafe body(UnsafeBufferPointer(start: base, count: count))
    }
}
