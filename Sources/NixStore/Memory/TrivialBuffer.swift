import Glibc

/// A growing array of trivial elements with one owner.
///
/// Unlike an `Array`, its capacity follows from what was added alone and not from the allocator, so that a memory limit is
/// reached at the same place in every run, and its elements are plain bytes at one address. Every access is checked.
@safe
struct TrivialBuffer<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>?
    private(set) var count = 0
    private var capacity = 0

    init() { unsafe base = nil }

    deinit { unsafe free(base) }

    /// The bytes that the buffer takes.
    var byteCount: Int { capacity &* MemoryLayout<Element>.stride }

    /// The bytes that adding `more` elements takes at most, while the elements move.
    func growth(adding more: Int) -> Int {
        count &+ more <= capacity
            ? 0 : Self.capacity(for: count &+ more, from: capacity) &* MemoryLayout<Element>.stride
    }

    private static func capacity(for count: Int, from present: Int) -> Int { max(count, present &* 2, 16) }

    /// Makes room for `more` further elements.
    @inline(__always)
    mutating func reserve(_ more: Int) {
        if count &+ more > capacity { grow(to: Self.capacity(for: count &+ more, from: capacity)) }
    }

    @inline(never)
    private mutating func grow(to wanted: Int) {
        guard let larger = unsafe realloc(base, wanted * MemoryLayout<Element>.stride) else {
            fatalError("the system has no memory for \(wanted) elements")
        }
        unsafe base = larger.bindMemory(to: Element.self, capacity: wanted)
        capacity = wanted
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        reserve(1)
        unsafe base.unsafelyUnwrapped[count] = element
        count &+= 1
    }

    subscript(index: Int) -> Element {
        @inline(__always) get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            return unsafe base.unsafelyUnwrapped[index]
        }
        @inline(__always) set {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            unsafe base.unsafelyUnwrapped[index] = newValue
        }
    }

    /// Removes the elements from index `length` on.
    mutating func truncate(to length: Int) {
        precondition(length >= 0 && length <= count)
        count = length
    }

    /// Removes all elements, and frees the memory if it is more than `bytes`.
    mutating func removeAll(keeping bytes: Int) {
        count = 0
        if byteCount <= bytes { return }
        unsafe free(base)
        unsafe base = nil
        capacity = 0
    }

    /// The elements. The view is valid until the buffer grows or is destroyed.
    @unsafe
    var view: UnsafeBufferPointer<Element> {
        @inline(__always) get { unsafe UnsafeBufferPointer(start: base, count: count) }
    }

    /// Sorts the elements.
    @inline(__always)
    mutating func sort(by precedes: (Element, Element) -> Bool) {
        var elements = unsafe UnsafeMutableBufferPointer(start: base, count: count)
        unsafe elements.sort(by: precedes)
    }

    /// Replaces a part by as many other elements.
    mutating func replace(_ range: BufferRange, with elements: UnsafeBufferPointer<Element>) {
        precondition(range.start >= 0 && range.end <= count && range.count == elements.count)
        guard let source = elements.baseAddress else { return }
        unsafe (base.unsafelyUnwrapped + range.start).update(from: source, count: range.count)
    }

    /// Appends elements that `body` writes: it is given the address of room for `most` of them, and returns how many it
    /// wrote.
    @inline(__always)
    mutating func append(atMost most: Int, _ body: (UnsafeMutablePointer<Element>) -> Int) {
        reserve(max(1, most))
        let written = unsafe body(base.unsafelyUnwrapped + count)
        precondition(written >= 0 && written <= most)
        count &+= written
    }

    /// Appends equal elements.
    mutating func append(repeating element: Element, count more: Int) {
        unsafe append(atMost: more) { target in
            unsafe target.update(repeating: element, count: more)
            return more
        }
    }

    /// Appends a copy of elements, which may not be those of this buffer.
    @inline(__always)
    mutating func append(contentsOf elements: UnsafeBufferPointer<Element>) {
        guard let start = elements.baseAddress else { return }
        reserve(elements.count)
        unsafe (base.unsafelyUnwrapped + count).update(from: start, count: elements.count)
        count &+= elements.count
    }

    mutating func append(contentsOf elements: [Element]) {
        unsafe elements.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension TrivialBuffer<UInt8> {
    mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The bytes as an array.
    var array: [UInt8] { unsafe Array(view) }

    /// Appends a number in groups of seven bits, the lowest first. All but the last byte have the high bit set.
    mutating func append(number: Int) {
        var rest = UInt(bitPattern: number)
        while rest > 0x7F {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends the length of a text and the text.
    mutating func append(counted text: UnsafeBufferPointer<UInt8>) {
        append(number: text.count)
        unsafe append(contentsOf: text)
    }

    mutating func append(counted text: [UInt8]) {
        unsafe text.withUnsafeBufferPointer { unsafe append(counted: $0) }
    }
}

/// A part of a `TrivialBuffer`.
struct BufferRange: BitwiseCopyable {
    var start: Int
    var count: Int

    var end: Int { start &+ count }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes of a range, which is checked.
    @inline(__always)
    subscript(range: BufferRange) -> UnsafeBufferPointer<UInt8> {
        precondition(range.start >= 0 && range.count >= 0 && range.end <= count)
        return unsafe UnsafeBufferPointer(start: baseAddress.map { unsafe $0 + range.start }, count: range.count)
    }

    /// The order of two byte strings: negative, zero or positive as this one sorts before, equal to or after the other.
    @inline(__always)
    func compared(to other: UnsafeBufferPointer<UInt8>) -> Int {
        let common = Swift.min(count, other.count)
        if common > 0, let own = baseAddress, let their = other.baseAddress {
            let order = unsafe memcmp(own, their, common)
            if order != 0 { return Int(order) }
        }
        return count - other.count
    }
}
