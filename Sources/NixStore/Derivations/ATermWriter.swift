/// Writes the text of derivations, in ATerm syntax, to a buffer.
public struct ATermWriter: ~Copyable {
    public var bytes: [UInt8] = []

    public init(capacity: Int = 4096) { bytes.reserveCapacity(capacity) }

    /// Appends text as it is. It is inlined, so that a single byte, which is the usual case, is appended as one.
    @inline(__always)
    public mutating func raw(_ text: StaticString) {
        if text.utf8CodeUnitCount == 1 { return raw(unsafe text.utf8Start.pointee) }
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a byte as it is.
    @inline(__always)
    public mutating func raw(_ byte: UInt8) { bytes.append(byte) }

    /// Appends a string literal of text that needs no escapes.
    public mutating func plain(_ text: some Collection<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a string literal with escapes.
    public mutating func string(_ text: [UInt8]) { unsafe text.withUnsafeBufferPointer { unsafe string($0) } }

    /// Appends a string literal with escapes.
    public mutating func string(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        var index = unsafe ATermWriter.firstEscaped(text, from: 0)
        while index < text.count {
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
            if let escape = unsafe ATermWriter.escape(text[index]) {
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(escape)
            }
            start = index + 1
            index = unsafe ATermWriter.firstEscaped(text, from: start)
        }
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
        bytes.append(UInt8(ascii: "\""))
    }

    /// The index of the first byte from `start` on that needs an escape; the text's end if there is none.
    private static func firstEscaped(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = unsafe UnsafeRawPointer(text.baseAddress) else { return 0 }
        var index = start
        while index &+ 8 <= text.count {
            if unsafe hasEscaped(base.loadUnaligned(fromByteOffset: index, as: UInt64.self)) { break }
            index &+= 8
        }
        while index < text.count {
            // Most bytes are larger than those that need an escape, except for the backslash.
            let byte = unsafe text[index]
            if byte <= UInt8(ascii: "\"") || byte == UInt8(ascii: "\\"), escape(byte) != nil { break }
            index += 1
        }
        return index
    }

    /// Whether one of the eight bytes of a word needs an escape.
    @inline(__always)
    private static func hasEscaped(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones &<< 7
        // A byte of `x` is zero if subtracting 1 from it borrows, which sets its high bit. Only bytes above a zero byte
        // can be taken for one, so the result is exact as a whole.
        func zeros(_ x: UInt64) -> UInt64 { (x &- ones) & ~x }
        func bytes(_ byte: UInt8) -> UInt64 { zeros(word ^ (ones &* UInt64(byte))) }
        let found =
            bytes(UInt8(ascii: "\"")) | bytes(UInt8(ascii: "\\")) | bytes(UInt8(ascii: "\n"))
            | bytes(UInt8(ascii: "\r")) | bytes(UInt8(ascii: "\t"))
        return found & highBits != 0
    }

    /// The byte that follows the backslash; nil if the byte needs no escape.
    @inline(__always)
    private static func escape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case UInt8(ascii: "\n"): UInt8(ascii: "n")
        case UInt8(ascii: "\r"): UInt8(ascii: "r")
        case UInt8(ascii: "\t"): UInt8(ascii: "t")
        default: nil
        }
    }

    /// Appends a list of strings that need no escapes.
    public mutating func plainList(_ texts: some Sequence<[UInt8]>) {
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for text in texts {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            plain(text)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}
