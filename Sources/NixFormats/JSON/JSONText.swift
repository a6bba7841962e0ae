/// Reading and writing the parts of JSON texts.
package enum JSONText {
    /// Appends a JSON string literal.
    package static func quote(_ bytes: [UInt8], into out: inout [UInt8]) { bytes.withView { quote($0, into: &out) } }

    /// Appends a JSON string literal.
    package static func quote(_ bytes: ByteView, into out: inout [UInt8]) {
        let old = out.count
        let length = quotedLength(bytes)
        out.append(contentsOf: repeatElement(0, count: length))
        unsafe out.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let output = unsafe MutableByteView(base + old, count: length)
            _ = quote(bytes, to: output)
        }
    }

    /// Whether a byte of a string must be escaped.
    @inline(__always)
    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// The index of the first byte in `start..<end` that must be escaped; `end` if there is none.
    @inline(__always)
    static func firstSpecial(_ bytes: ByteView, from start: Int, upTo end: Int) -> Int {
        var position = start
        while position < end {
            if position &+ 8 <= bytes.count {
                let specials = specials(bytes.word(at: position))
                if specials != 0 { return min(end, position &+ specials.trailingZeroBitCount &>> 3) }
                position &+= 8
            } else {
                if isSpecial(bytes[position]) { return position }
                position &+= 1
            }
        }
        return end
    }

    /// A mask with the highest bit of each of eight bytes that must be escaped. Only the lowest bit that is set is
    /// reliable, because the subtractions may borrow from the bytes above it.
    @inline(__always)
    private static func specials(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let controls = (word &- ones &* 0x20) & ~word
        return (controls | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & (ones &* 0x80)
    }

    /// The length in bytes of a string literal, with its quotes.
    @inline(__always)
    package static func quotedLength(_ bytes: ByteView) -> Int { escapedLength(bytes) &+ 2 }

    /// The length in bytes of a string's content with escapes.
    package static func escapedLength(_ bytes: ByteView) -> Int {
        var length = bytes.count
        var position = firstSpecial(bytes, from: 0, upTo: bytes.count)
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: length &+= 1
            default: length &+= 5
            }
            position = firstSpecial(bytes, from: position &+ 1, upTo: bytes.count)
        }
        return length
    }

    /// Writes a string literal with its quotes, and returns its length in bytes.
    package static func quote(_ bytes: ByteView, to output: MutableByteView) -> Int {
        output.set(0, UInt8(ascii: "\""))
        let end = escape(bytes, to: output, at: 1)
        output.set(end, UInt8(ascii: "\""))
        return end &+ 1
    }

    /// Writes a string's content with escapes from index `start` on, and returns the index behind it.
    package static func escape(_ bytes: ByteView, to output: MutableByteView, at start: Int) -> Int {
        var out = start
        var position = 0
        while true {
            let end = firstSpecial(bytes, from: position, upTo: bytes.count)
            output.copy(bytes[position..<end], at: out)
            out &+= end &- position
            if end == bytes.count { return out }
            out = escape(bytes[end], to: output, at: out)
            position = end &+ 1
        }
    }

    private static func escape(_ byte: UInt8, to output: MutableByteView, at start: Int) -> Int {
        output.set(start, UInt8(ascii: "\\"))
        let short: UInt8
        switch byte {
        case 0x08: short = UInt8(ascii: "b")
        case 0x09: short = UInt8(ascii: "t")
        case 0x0A: short = UInt8(ascii: "n")
        case 0x0C: short = UInt8(ascii: "f")
        case 0x0D: short = UInt8(ascii: "r")
        case 0..<0x20:
            output.copy(ByteView("u00"), at: start &+ 1)
            output.set(start &+ 4, UInt8(ascii: "0") + byte >> 4)
            output.set(
                start &+ 5, byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + (byte & 15 - 10))
            return start &+ 6
        default: short = byte
        }
        output.set(start &+ 1, short)
        return start &+ 2
    }

    // MARK: Reading

    /// Reads an escape after its backslash, and returns the character.
    static func escape(_ bytes: ByteView, _ position: inout Int) throws(JSONError) -> Unicode.Scalar {
        guard let byte = bytes.byte(at: position) else { throw .syntax("unexpected end of input; expected escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"): return try unicodeEscape(bytes, &position)
        default: throw .syntax("invalid escape at byte \(position - 1)")
        }
    }

    private static func unicodeEscape(_ bytes: ByteView, _ position: inout Int) throws(JSONError) -> Unicode.Scalar {
        var unit = try hexadecimalUnit(bytes, &position)
        if unit >= 0xD800, unit < 0xDC00 {
            guard bytes.has("\\u", at: position) else {
                throw .syntax("unexpected character at byte \(position); expected low surrogate")
            }
            position += 2
            let low = try hexadecimalUnit(bytes, &position)
            guard low >= 0xDC00, low < 0xE000 else {
                throw .syntax("unexpected character at byte \(position); expected low surrogate")
            }
            unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(unit) else {
            throw .syntax("unexpected character at byte \(position); expected character")
        }
        return scalar
    }

    private static func hexadecimalUnit(_ bytes: ByteView, _ position: inout Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = bytes.byte(at: position).flatMap({ hexadecimalDigit($0) }) else {
                throw .syntax("unexpected character at byte \(position); expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Writes the content of a string literal with its escapes replaced. The escapes must be valid; the result is no
    /// longer than the literal.
    ///
    /// - Parameters:
    ///   - text: the text between the quotes.
    ///   - position: the index in `text` to continue from.
    ///   - end: the index in `text` at which to stop, although an escape that begins before it is read completely.
    ///   - output: where the result is written.
    ///   - written: the index in `output` to continue from.
    package static func unescape(
        _ text: ByteView, from position: inout Int, upTo end: Int, to output: MutableByteView, at written: inout Int
    ) {
        while position < end {
            let special = firstSpecial(text, from: position, upTo: end)
            output.copy(text[position..<special], at: written)
            written &+= special &- position
            position = special
            if position >= end { return }
            position &+= 1
            guard let scalar = try? escape(text, &position) else { continue }
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                output.set(written, byte)
                written &+= 1
            }
        }
    }

    /// The shortest decimal text that reads back as the same double; `null` for infinities and NaN.
    package static func float(_ value: Double) -> [UInt8] {
        if !value.isFinite { return Array("null".utf8) }
        var text = "\(value)"
        // Swift writes large doubles such as 1e15 as digits with `.0`, up to 2^54.
        if text.hasSuffix(".0"), abs(value) >= 1e15 { text = exponentForm(value) }
        return Array(text.utf8)
    }

    private static func exponentForm(_ value: Double) -> String {
        var digits = "\(value)".dropLast(2).description
        let sign = digits.hasPrefix("-") ? "-" : ""
        if !sign.isEmpty { digits.removeFirst() }
        let exponent = digits.count - 1
        if exponent < 15 { return sign + digits + ".0" }
        let trimmed = digits.reversed().drop { $0 == "0" }.reversed()
        let mantissa = String(trimmed)
        let fraction = mantissa.dropFirst()
        return sign + mantissa.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e+" + String(exponent)
    }
}
