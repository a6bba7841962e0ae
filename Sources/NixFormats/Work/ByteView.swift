import Glibc
import MessageText

/// A view of bytes that something else owns and does not change. Every access is checked.
///
/// `Span` would also bind the lifetime, but storing one needs an experimental feature in Swift 6.2.
@safe
package struct ByteView {
    private let base: UnsafePointer<UInt8>
    package let count: Int

    /// - Parameter bytes: the bytes, which must stay valid and unchanged while the view is used.
    @inline(__always)
    @unsafe
    package init(_ bytes: UnsafeBufferPointer<UInt8>) {
        // For an empty text, the address is never accessed.
        unsafe base = bytes.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        count = bytes.count
    }

    @inline(__always)
    private init(_ base: UnsafePointer<UInt8>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    package subscript(index: Int) -> UInt8 {
        @inline(__always) get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            return unsafe base[index]
        }
    }

    /// The byte at an index; nil if the index is out of range.
    @inline(__always)
    func byte(at index: Int) -> UInt8? {
        UInt(bitPattern: index) < UInt(bitPattern: count) ? unsafe base[index] : nil
    }

    package subscript(range: Range<Int>) -> ByteView {
        @inline(__always) get {
            precondition(range.lowerBound >= 0 && range.upperBound <= count)
            return unsafe ByteView(base + range.lowerBound, count: range.count)
        }
    }

    /// The first `length` bytes, or all if there are fewer.
    @inline(__always)
    func prefix(_ length: Int) -> ByteView {
        precondition(length >= 0)
        return unsafe ByteView(base, count: min(count, length))
    }

    /// Eight bytes from an index on, as a little-endian word.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        precondition(index >= 0 && index <= count &- 8)
        return unsafe UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
    }

    /// The bytes without bounds checks, for as long as the view is valid.
    @unsafe
    package var buffer: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(start: base, count: count) }

    /// A copy, for texts of bounded length or whose length was counted.
    package var array: [UInt8] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }

    /// A number below, equal to or above zero if the bytes precede, equal or follow those of `other`.
    package func compare(_ other: ByteView) -> Int {
        let order = unsafe memcmp(base, other.base, min(count, other.count))
        return order != 0 ? Int(order) : count &- other.count
    }

    func isEqual(_ other: ByteView) -> Bool { count == other.count && compare(other) == 0 }

    /// Whether a text occurs at an index.
    @inline(__always)
    func has(_ text: StaticString, at index: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard index >= 0, index <= count, count &- index >= length else { return false }
        return unsafe memcmp(base + index, text.utf8Start, length) == 0
    }

    func isEqual(_ text: StaticString) -> Bool { count == text.utf8CodeUnitCount && has(text, at: 0) }

    /// The index of the first `byte` from `index` on; `count` if there is none.
    func first(_ byte: UInt8, from index: Int) -> Int {
        precondition(index >= 0 && index <= count)
        guard let found = unsafe memchr(base + index, Int32(byte), count &- index) else { return count }
        return unsafe UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
    }
}

extension [UInt8] {
    /// Calls `body` with a view of the array, which must not escape from it.
    package func withView<Result, Failure: Error>(
        _ body: (ByteView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeBufferPointer { (bytes) throws(Failure) in try body(unsafe ByteView(bytes)) }
    }
}

/// A writable view of bytes that something else owns. Every access is checked.
@safe
package struct MutableByteView {
    private let base: UnsafeMutablePointer<UInt8>
    package let count: Int

    /// - Parameters:
    ///   - base: the address of the bytes, which nothing else accesses while the view is used.
    ///   - count: the number of bytes.
    @inline(__always)
    @unsafe
    package init(_ base: UnsafeMutablePointer<UInt8>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    @inline(__always)
    func set(_ index: Int, _ byte: UInt8) {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
        unsafe base[index] = byte
    }

    /// Writes bytes from an index on.
    @inline(__always)
    func copy(_ bytes: ByteView, at index: Int) {
        precondition(index >= 0 && index <= count && bytes.count <= count &- index)
        unsafe bytes.withBase { unsafe memcpy(base + index, $0, bytes.count) }
    }
}

extension ByteView {
    @inline(__always)
    fileprivate func withBase(_ body: (UnsafePointer<UInt8>) -> UnsafeMutableRawPointer?) { _ = unsafe body(base) }
}

extension ByteView {
    /// A view of the bytes of a literal.
    init(_ text: StaticString) {
        unsafe self.init(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A copy for a message, cut by the rule of `MessageText`.
    package var excerpt: [UInt8] {
        MessageText.excerpt(self[0..<min(count, MessageText.longestWhole)].array, of: count)
    }

    /// The most bytes of a text that a message shows around the position of an error.
    package static var excerptBytes: Int { 4096 }
}
