/// Pieces of JSON text.
package enum JSONText {
    /// Appends a JSON string.
    package static func quote(_ bytes: [UInt8], into out: inout [UInt8]) { bytes.withView { quote($0, into: &out) } }

    /// Appends a JSON string.
    package static func quote(_ bytes: ByteView, into out: inout [UInt8]) {
        let old = out.count
        let length = quotedLength(bytes)
        out.append(contentsOf: repeatElement(0, count: length))
        unsafe out.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let room = unsafe ByteRoom(base + old, count: length)
            _ = quote(bytes, to: room)
        }
    }

    /// Whether a byte of a string must be escaped.
    @inline(__always)
    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// The first byte that must be escaped from a place on; `end` when there is none before it.
    @inline(__always)
    static func firstSpecial(_ bytes: ByteView, from start: Int, upTo end: Int) -> Int {
        var place = start
        while place < end {
            if place &+ 8 <= bytes.count {
                let specials = specials(bytes.word(at: place))
                if specials != 0 { return min(end, place &+ specials.trailingZeroBitCount &>> 3) }
                place &+= 8
            } else {
                if isSpecial(bytes[place]) { return place }
                place &+= 1
            }
        }
        return end
    }

    /// The highest bit of each of eight bytes that must be escaped. Only the lowest that is set can be relied on: the
    /// subtractions may borrow from the bytes above.
    @inline(__always)
    private static func specials(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let controls = (word &- ones &* 0x20) & ~word
        return (controls | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & (ones &* 0x80)
    }

    /// Bytes that a string takes with its quotes.
    @inline(__always)
    package static func quotedLength(_ bytes: ByteView) -> Int { escapedLength(bytes) &+ 2 }

    /// Bytes that a part of a string takes.
    package static func escapedLength(_ bytes: ByteView) -> Int {
        var length = bytes.count
        var place = firstSpecial(bytes, from: 0, upTo: bytes.count)
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: length &+= 1
            default: length &+= 5
            }
            place = firstSpecial(bytes, from: place &+ 1, upTo: bytes.count)
        }
        return length
    }

    /// Writes a string with its quotes; the number of bytes written.
    package static func quote(_ bytes: ByteView, to room: ByteRoom) -> Int {
        room.set(0, UInt8(ascii: "\""))
        let end = escape(bytes, to: room, at: 1)
        room.set(end, UInt8(ascii: "\""))
        return end &+ 1
    }

    /// Writes a part of a string from a place on; the place after it.
    package static func escape(_ bytes: ByteView, to room: ByteRoom, at start: Int) -> Int {
        var out = start
        var place = 0
        while true {
            let end = firstSpecial(bytes, from: place, upTo: bytes.count)
            room.copy(bytes[place..<end], at: out)
            out &+= end &- place
            if end == bytes.count { return out }
            out = escape(bytes[end], to: room, at: out)
            place = end &+ 1
        }
    }

    private static func escape(_ byte: UInt8, to room: ByteRoom, at start: Int) -> Int {
        room.set(start, UInt8(ascii: "\\"))
        let short: UInt8
        switch byte {
        case 0x08: short = UInt8(ascii: "b")
        case 0x09: short = UInt8(ascii: "t")
        case 0x0A: short = UInt8(ascii: "n")
        case 0x0C: short = UInt8(ascii: "f")
        case 0x0D: short = UInt8(ascii: "r")
        case 0..<0x20:
            room.copy(ByteView("u00"), at: start &+ 1)
            room.set(start &+ 4, UInt8(ascii: "0") + byte >> 4)
            room.set(start &+ 5, byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + (byte & 15 - 10))
            return start &+ 6
        default: short = byte
        }
        room.set(start &+ 1, short)
        return start &+ 2
    }

    // MARK: Reading

    /// Passes an escape whose backslash was passed: its character.
    static func escape(_ bytes: ByteView, _ place: inout Int) throws(JSONError) -> Unicode.Scalar {
        guard let byte = bytes.byte(at: place) else { throw .syntax("unexpected end of input; expected escape") }
        place += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"): return try unicodeEscape(bytes, &place)
        default: throw .syntax("invalid escape at byte \(place - 1)")
        }
    }

    private static func unicodeEscape(_ bytes: ByteView, _ place: inout Int) throws(JSONError) -> Unicode.Scalar {
        var unit = try hexadecimalUnit(bytes, &place)
        if unit >= 0xD800, unit < 0xDC00 {
            guard bytes.has("\\u", at: place) else {
                throw .syntax("unexpected character at byte \(place); expected low surrogate")
            }
            place += 2
            let low = try hexadecimalUnit(bytes, &place)
            guard low >= 0xDC00, low < 0xE000 else {
                throw .syntax("unexpected character at byte \(place); expected low surrogate")
            }
            unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(unit) else {
            throw .syntax("unexpected character at byte \(place); expected character")
        }
        return scalar
    }

    private static func hexadecimalUnit(_ bytes: ByteView, _ place: inout Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = bytes.byte(at: place).flatMap({ hexadecimalDigit($0) }) else {
                throw .syntax("unexpected character at byte \(place); expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            place += 1
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

    /// Writes the text between the quotes with its escapes, which were checked, replaced: it is no longer than before.
    ///
    /// - Parameters:
    ///   - place: Where to go on in the text; what begins before `end` is written.
    ///   - written: Where to go on in the room.
    package static func unescape(
        _ text: ByteView, from place: inout Int, upTo end: Int, to room: ByteRoom, at written: inout Int
    ) {
        while place < end {
            let special = firstSpecial(text, from: place, upTo: end)
            room.copy(text[place..<special], at: written)
            written &+= special &- place
            place = special
            if place >= end { return }
            place &+= 1
            guard let scalar = try? escape(text, &place) else { continue }
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                room.set(written, byte)
                written &+= 1
            }
        }
    }

    /// The shortest text that reads back as the same float.
    package static func float(_ value: Double) -> [UInt8] {
        if !value.isFinite { return Array("null".utf8) }
        var text = "\(value)"
        // Swift writes 1e+20 as 1e+20 and 1e16 as 1e+16; small exponents as 1e-05.
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
