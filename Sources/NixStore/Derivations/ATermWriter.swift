/// Writes the text of derivations, in ATerm syntax, to a buffer.
public struct ATermWriter: ~Copyable {
    var text = TrivialBuffer<UInt8>()

    /// - Parameter capacity: the bytes to begin with.
    public init(capacity: Int = 4096) { text.reserve(capacity) }

    /// What was written.
    public var bytes: [UInt8] { text.array }

    /// Appends text as it is. It is inlined, so that a single byte, which is the usual case, is appended as one.
    @inline(__always)
    mutating func raw(_ text: StaticString) {
        if text.utf8CodeUnitCount == 1 {
            unsafe self.text.append(text.utf8Start.pointee)
        } else {
            self.text.append(text)
        }
    }

    /// Appends a byte as it is.
    @inline(__always)
    public mutating func raw(_ byte: UInt8) { text.append(byte) }

    /// Appends a string literal of text that needs no escapes.
    public mutating func plain(_ text: [UInt8]) {
        unsafe text.withUnsafeBufferPointer { unsafe plain($0) }
    }

    /// Appends a string literal of text that needs no escapes.
    public mutating func plain(_ text: UnsafeBufferPointer<UInt8>) {
        self.text.append(UInt8(ascii: "\""))
        unsafe self.text.append(contentsOf: text)
        self.text.append(UInt8(ascii: "\""))
    }

    /// Appends a string literal with escapes.
    public mutating func string(_ text: [UInt8]) { unsafe text.withUnsafeBufferPointer { unsafe string($0) } }

    /// Appends a string literal with escapes.
    public mutating func string(_ text: UnsafeBufferPointer<UInt8>) {
        // Each byte takes two at most. Those of long texts are counted, so that the buffer does not grow in vain.
        let escapes = text.count < Self.longText ? text.count : unsafe text.count { Self.escape($0) != nil }
        unsafe self.text.append(atMost: text.count + escapes + 2) { target in
            unsafe target[0] = UInt8(ascii: "\"")
            let end = unsafe Self.copy(text, to: target + 1) + 1
            unsafe target[end] = UInt8(ascii: "\"")
            return end + 1
        }
    }

    private static let longText = 1 << 12

    /// Copies text with escapes, and returns the number of bytes written.
    @inline(__always)
    private static func copy(_ text: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>) -> Int {
        guard let source = text.baseAddress else { return 0 }
        let (from, to) = unsafe (UnsafeRawPointer(source), UnsafeMutableRawPointer(target))
        var (read, written) = (0, 0)
        while read &+ 8 <= text.count {
            let word = unsafe from.loadUnaligned(fromByteOffset: read, as: UInt64.self)
            if hasEscaped(word) {
                for index in read..<read &+ 8 { written &+= unsafe put(source[index], target + written) }
            } else {
                unsafe to.storeBytes(of: word, toByteOffset: written, as: UInt64.self)
                written &+= 8
            }
            read &+= 8
        }
        while read < text.count {
            written &+= unsafe put(source[read], target + written)
            read &+= 1
        }
        return written
    }

    /// Writes a byte, with a backslash where it needs one, and returns the number of bytes written.
    @inline(__always)
    private static func put(_ byte: UInt8, _ target: UnsafeMutablePointer<UInt8>) -> Int {
        // Most bytes are larger than those that need an escape, except for the backslash.
        guard byte <= UInt8(ascii: "\"") || byte == UInt8(ascii: "\\"), let escape = escape(byte) else {
            unsafe target[0] = byte
            return 1
        }
        unsafe target[0] = UInt8(ascii: "\\")
        unsafe target[1] = escape
        return 2
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
    public mutating func plainList(_ texts: [[UInt8]]) {
        raw("[")
        for (index, text) in texts.enumerated() {
            if index > 0 { raw(",") }
            plain(text)
        }
        raw("]")
    }
}
