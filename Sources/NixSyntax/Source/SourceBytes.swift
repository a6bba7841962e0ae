import Glibc
import MessageText

/// The source bytes during parsing. Reading past the end gives 0, so that the lexer may look ahead without bounds
/// checks of its own.
@safe
struct SourceBytes {
    private let base: UnsafeBufferPointer<UInt8>
    let count: Int

    /// - Parameter buffer: the bytes, which must outlive the value.
    init(_ buffer: UnsafeBufferPointer<UInt8>) {
        unsafe base = buffer
        count = buffer.count
    }

    @inline(__always)
    subscript(offset: Int) -> UInt8 {
        // The unsigned comparison also rejects negative offsets, which makes the unchecked access sound.
        UInt(bitPattern: offset) < UInt(bitPattern: count) ? unsafe base[_unchecked: offset] : 0
    }

    /// Calls `body` with a range of bytes that the lexer has matched.
    @inline(__always)
    func withBytes<Result>(_ start: Int, _ end: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        unsafe body(UnsafeBufferPointer(rebasing: base[start..<end]))
    }

    /// The offset of the first `byte` in `start..<end`; `end` if there is none.
    @inline(__always)
    func find(_ byte: UInt8, from start: Int, to end: Int) -> Int {
        guard start < end, let base = unsafe base.baseAddress,
            let found = unsafe memchr(base + start, Int32(byte), end &- start)
        else { return end }
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    /// The address of a byte that the lexer has matched.
    @inline(__always)
    func pointer(_ start: Int) -> UnsafePointer<UInt8> { unsafe base.baseAddress.unsafelyUnwrapped + start }

    /// A prefix of a range that is as long as `MessageText.shortened` needs to show the range.
    func quote(_ start: Int, _ end: Int) -> [UInt8] { array(start, min(end, start &+ MessageText.longestWhole)) }

    func array(_ start: Int, _ end: Int) -> [UInt8] {
        unsafe withBytes(start, end) { unsafe Array($0) }
    }
}

extension UnsafeBufferPointer {
    @inline(__always)
    fileprivate subscript(_unchecked offset: Int) -> Element {
        unsafe baseAddress.unsafelyUnwrapped[offset]
    }
}
