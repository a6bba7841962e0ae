/// Writes the text of derivations into one growing buffer.
public struct ATermWriter: ~Copyable {
    public var bytes: [UInt8] = []

    public init(capacity: Int = 4096) { bytes.reserveCapacity(capacity) }

    /// Appends text as it is. Inlined, so that what is nearly always a single byte is appended as one.
    @inline(__always)
    public mutating func raw(_ text: StaticString) {
        if text.utf8CodeUnitCount == 1 { return raw(unsafe text.utf8Start.pointee) }
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a byte as it is.
    @inline(__always)
    public mutating func raw(_ byte: UInt8) { bytes.append(byte) }

    /// Appends a string that needs no escapes, in quotes.
    public mutating func plain(_ text: some Collection<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends any string, in quotes and escaped.
    public mutating func string(_ text: [UInt8]) { unsafe text.withUnsafeBufferPointer { unsafe string($0) } }

    /// The same for bytes of another owner.
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

    /// The first place from `start` on of a byte that is escaped, or the text's end.
    private static func firstEscaped(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while index < text.count {
            // Nearly all bytes are told from those that are escaped by their size.
            let byte = unsafe text[index]
            if byte <= UInt8(ascii: "\"") || byte == UInt8(ascii: "\\"), escape(byte) != nil { break }
            index += 1
        }
        return index
    }

    /// What follows the backslash for a byte that is escaped.
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
